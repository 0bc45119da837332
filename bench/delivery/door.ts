/** The protocol thread of the benchmark: a store, a directory with accounts u1, u2, ... in perf.test, and the doors of mail. */
import fs from 'node:fs';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../server/src/core/clock.ts';
import { openDelivery } from '../../server/src/delivery/open-delivery.ts';
import { DEFAULT_DELIVERY_SETTINGS } from '../../server/src/delivery/settings.ts';
import { addAccount } from '../../server/src/directory/accounts.ts';
import { addDomain } from '../../server/src/directory/domains.ts';
import { openDirectory } from '../../server/src/directory/open-directory.ts';
import { hashPassword } from '../../server/src/directory/password.ts';
import { createSharedSignInState } from '../../server/src/directory/shared-sign-in.ts';
import { openLog } from '../../server/src/log/pino-log.ts';
import { DEFAULT_SENDING_LIMITS } from '../../server/src/queue/limits/settings.ts';
import { serveSmtp } from '../../server/src/smtp/server/serve.ts';
import { DEFAULT_SMTP_SETTINGS } from '../../server/src/smtp/server/session.ts';
import { openStore } from '../../server/src/store/open.ts';
import { serveDoor } from '../../server/test/support/net.ts';

export type DoorReport =
  | { readonly kind: 'ready'; readonly ports: { readonly smtp: number; readonly submissions: number } }
  | { readonly kind: 'cpu'; readonly micros: number }
  | { readonly kind: 'stopped' };

const { directory: dataDirectory, port, boxes } = workerData as { readonly directory: string; readonly port: MessagePort; readonly boxes: number };
// Written as in service, but to nowhere.
const log = openLog({ level: 'info', format: 'json', descriptor: fs.openSync('/dev/null', 'w') });
const store = await openStore({ directory: dataDirectory, port, owner: 'bench', onError: (error) => void log.error('server.bug', error) });
const directory = openDirectory({ store, log, signIn: createSharedSignInState() });
const nowMs = Date.now();
const passwordHash = await hashPassword('perf-password');
await store.commit(addDomain, { domain: 'perf.test', nowMs });
for (let box = 1; box <= boxes; box++) await store.commit(addAccount, { login: `u${box}`, addresses: [`u${box}@perf.test`], passwordHash, nowMs });

// No account may send as much as the load does.
const sending = { ...DEFAULT_SENDING_LIMITS, recipientsPerHour: 0, recipientsPerDay: 0, hold: { ...DEFAULT_SENDING_LIMITS.hold, points: 0 } };
const delivery = openDelivery({ store, directory, log, clock: systemClock, settings: { hostname: 'mail.perf.test', ...DEFAULT_DELIVERY_SETTINGS, sending } });
const services = { delivery, directory, log, settings: { hostname: 'mail.perf.test', ...DEFAULT_SMTP_SETTINGS } };
const smtp = await serveDoor((connection) => serveSmtp(connection, services), { name: 'smtp' });
const submissions = await serveDoor((connection) => serveSmtp(connection, services), { name: 'submissions', implicitTls: true });
const tell = (report: DoorReport): void => parentPort?.postMessage(report);
tell({ kind: 'ready', ports: { smtp: smtp.port, submissions: submissions.port } });

parentPort?.on('message', (order: 'cpu' | 'stop') => void answer(order));

async function answer(order: 'cpu' | 'stop'): Promise<void> {
  if (order === 'cpu') {
    const { user, system } = process.threadCpuUsage();
    tell({ kind: 'cpu', micros: user + system });
    return;
  }
  await smtp.close();
  await submissions.close();
  await directory[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  tell({ kind: 'stopped' });
  parentPort?.close();
}
