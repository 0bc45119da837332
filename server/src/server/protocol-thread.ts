/**
 * A protocol thread: its own event loop, listeners on all ports (shared with the other threads through SO_REUSEPORT), a store, a directory, the doors.
 * It opens the ports first and the store when it is told to: between the two the main thread gives up root.
 */
import fs from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { deferred } from '#core/async.ts';
import { Lifecycle } from '#core/lifecycle.ts';
import { openLog } from '#log/pino-log.ts';
import { type Listener, openListener } from '#net/listener.ts';
import type { CertificatePem } from '#net/certificate.ts';
import { SharedCounts } from '#net/rate-limit.ts';
import { TlsContexts } from '#net/tls-context.ts';
import { openStore } from '#store/open.ts';
import { type DoorParts, portListener, socketListener } from './doors.ts';
import { makeResolver } from './resolver.ts';
import { makeServices, type ThreadServices } from './services.ts';
import { type ProtocolThreadData, streamOwner, type ThreadOrder, type ThreadReport } from './thread-messages.ts';

const control = parentPort;
if (!control) throw new Error('the doors run in a worker thread');
const report = (message: ThreadReport): void => control.postMessage(message);

const { index, config, bindings, shared, ...first } = workerData as ProtocolThreadData;
const log = openLog(config.log);
const tls = new TlsContexts(first.certificates, Buffer.from(first.ticketKeys), config.tls.minimumVersion);
const counts = new SharedCounts(shared.connections, index);
const opened = deferred<ThreadServices>();
const parts: DoorParts = { config, shared, tls, counts, services: opened.promise, log };
const listeners: Listener[] = [];
const lifecycle = new Lifecycle();
// All at once: each waits for its clients to say goodbye.
const closeListeners = async (): Promise<void> => void (await Promise.all(listeners.map((listener) => listener.close())));

control.on('message', (order: ThreadOrder) => {
  switch (order.kind) {
    case 'open':
      void orFail(() => open(order.port));
      break;
    case 'certificates':
      reload(order.certificates, Buffer.from(order.ticketKeys));
      break;
    case 'stop':
      void orFail(stop);
      break;
  }
});

await orFail(bind);

async function bind(): Promise<void> {
  // What the thread held that died in this place.
  counts.clearOwn();
  for (const binding of bindings) listeners.push(await openListener(portListener(binding, parts)));
  report({ kind: 'bound' });
}

async function open(port: MessagePort): Promise<void> {
  const { server, lmtp } = config;
  const store = await openStore({ directory: server.dataDirectory, port, owner: streamOwner(index), onError: (error) => void log.error('server.bug', error) });
  lifecycle.onStop('store', () => store[Symbol.asyncDispose]());
  const services = makeServices({ config, store, shared, resolver: await makeResolver(config), log });
  lifecycle.onStop('services', () => services[Symbol.asyncDispose]());
  opened.resolve(services);
  // A local socket cannot be shared: the first thread has it.
  if (lmtp && index === 0) {
    listeners.push(await openListener(socketListener(lmtp.socket, parts)));
    fs.chmodSync(lmtp.socket, 0o660);
  }
  report({ kind: 'serving' });
}

/** The main thread has checked them; should TLS refuse them all the same, what is served stays. */
function reload(certificates: readonly CertificatePem[], ticketKeys: Buffer): void {
  try {
    tls.reload(certificates, ticketKeys);
  } catch (error) {
    log.error('net.certificate.refused', error);
  }
}

async function stop(): Promise<void> {
  await closeListeners();
  await lifecycle.stop();
  log.flush();
  control?.close();
}

/** A thread that cannot do what it is told says so and ends; the main thread decides what follows. */
async function orFail(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report({ kind: 'failed', message });
    log.flush();
    throw error;
  }
}
