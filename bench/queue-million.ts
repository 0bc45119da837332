/**
 * What a queue of a million waiting entries costs: how long the server takes to start over it, how much memory it has then, how fast new mail is queued, and
 * how fast it goes again (look, lease, settle; without connections), each against an empty queue.
 *
 *   node tools/run.mjs exec node --conditions=source bench/queue-million.ts [entries] [directory]
 *
 * Through tools/run.mjs, because that is how the server is started: with the cache of compiled modules, without which every thread would compile them anew. The
 * first start fills that cache, the second is measured. A directory that is named stays, and what lies in it from before is used again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '../server/src/config/read.ts';
import { newReceiptId } from '../server/src/core/receipt-id.ts';
import { addDomain } from '../server/src/directory/domains.ts';
import type { Outgoing } from '../server/src/queue/enqueue.ts';
import { claim, type RecipientKey } from '../server/src/queue/leases.ts';
import { readDue } from '../server/src/queue/queue-rows.ts';
import { type Settled, settle } from '../server/src/queue/settle.ts';
import { issueCertificate, makeAuthority } from '../server/src/net/dev-certificate.ts';
import { type Offline, openOffline } from '../server/src/server/offline.ts';
import type { Store } from '../server/src/store/store.ts';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);
const base = process.argv[3] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'capri-million-'));
const DAY_MS = 24 * 3600_000;
const DOMAINS = 20_000;
const AT_ONCE = 500;
const NEW = 4000;
const ROUNDS = 11;
const AT_ONCE_DUE = 50;
const rule = { afterBounces: 0, forMs: 0 };
const body = Buffer.alloc(4096, 'x');

const configs: string[] = [];
const results: { readonly queue: string; readonly startSeconds: number; readonly memoryMB: number }[] = [];
for (const [name, entries] of [
  ['empty', 0],
  ['full', ENTRIES],
] as const) {
  const directory = path.join(base, name);
  const isThere = fs.existsSync(path.join(directory, 'data'));
  fs.mkdirSync(directory, { recursive: true });
  const config = await writeConfig(directory);
  if (!isThere) {
    await using offline = await openOffline(readConfig(config), { isNew: true });
    await offline.services.store.commit(addDomain, { domain: 'capri.test', nowMs: Date.now() });
    const beganMs = performance.now();
    for (let first = 0; first < entries; first += AT_ONCE) await fill(offline.services.store, first, Math.min(AT_ONCE, entries - first));
    if (entries > 0) console.log(`${entries} entries made in ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  }
  await start(config);
  configs.push(config);
  results.push({ queue: name, ...(await start(config)) });
}
const rates = await enqueueInTurns(configs);
console.table(
  results.map((result, at) => {
    const { enqueued = [], settled = [] } = rates[at] ?? {};
    return { ...result, enqueuedPerSecond: median(enqueued), settledPerSecond: median(settled), rounds: `${enqueued.join(' ')} / ${settled.join(' ')}` };
  }),
);
if (process.argv[3] === undefined) fs.rmSync(base, { recursive: true, force: true });

/** Mail of the last four days that is due within five, for many domains. */
async function fill(store: Store, first: number, count: number): Promise<void> {
  const nowMs = Date.now();
  const notices = Array.from({ length: count }, (_, at) => {
    const cameMs = nowMs - Math.floor(4 * DAY_MS * (1 - (first + at) / ENTRIES));
    return entry(first + at, cameMs, nowMs + 3600_000 + Math.floor(Math.random() * 5 * DAY_MS));
  });
  await commit(store, notices);
}

interface Rates {
  readonly enqueued: number[];
  readonly settled: number[];
}

/** Messages a second in each round, for each queue: in turns, because a machine's speed changes from minute to minute. */
async function enqueueInTurns(configs: readonly string[]): Promise<readonly Rates[]> {
  const opened: Offline[] = [];
  for (const config of configs) opened.push(await openOffline(readConfig(config)));
  const rates = opened.map((): Rates => ({ enqueued: [], settled: [] }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [at, { services }] of opened.entries()) {
      const enqueued = await enqueueSome(services.store);
      const settled = await settleSome(services.store);
      // The first round still meets what filling the queue has left to be copied from the log into the database.
      if (round === 0) continue;
      rates[at]?.enqueued.push(enqueued);
      rates[at]?.settled.push(settled);
    }
  }
  for (const offline of opened) await offline[Symbol.asyncDispose]();
  return rates;
}

/** New mail, one message a commit, 32 at a time, as submissions come. */
async function enqueueSome(store: Store): Promise<number> {
  let made = 0;
  const beganMs = performance.now();
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (made < NEW) {
        const nowMs = Date.now();
        await commit(store, [entry(made++, nowMs, undefined)]);
      }
    }),
  );
  return Math.round(NEW / ((performance.now() - beganMs) / 1000));
}

/** What is due is looked for, leased and written down as delivered, as the scheduler does it, until nothing is. */
async function settleSome(store: Store): Promise<number> {
  let done = 0;
  const beganMs = performance.now();
  for (;;) {
    const nowMs = Date.now();
    const due = await store.query(readDue(nowMs, AT_ONCE_DUE));
    if (due.length === 0) break;
    const keys = due.map(({ message, recipient }): RecipientKey => [message.queueId, recipient.n]);
    await store.commit(claim, { owner: 'bench', nowMs, untilMs: nowMs + DAY_MS, claim: keys, postpone: [] });
    const results = keys.map(([queueId, n]): Settled => ({ kind: 'done', queueId, n }));
    await store.commit(settle, { owner: 'bench', nowMs, results, notices: [], localNotices: [], trail: [], bounces: [], taken: [], rule });
    done += due.length;
  }
  return Math.round(done / ((performance.now() - beganMs) / 1000));
}

function median(rates: readonly number[]): number {
  return rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
}

async function commit(store: Store, notices: readonly Outgoing[]): Promise<void> {
  await store.commit(settle, { owner: 'bench', nowMs: Date.now(), results: [], notices, localNotices: [], trail: [], bounces: [], taken: [], rule }, [{ bytes: body }]);
}

function entry(n: number, nowMs: number, releaseAtMs: number | undefined): Outgoing {
  return {
    queueId: newReceiptId(nowMs),
    account: undefined,
    sender: `sender${n % 500}@capri.test`,
    recipients: [{ localPart: `recipient${n}`, domain: `domain${n % DOMAINS}.example`, notify: undefined, originalRecipient: undefined }],
    body: 0,
    sizeBytes: body.length,
    prefix: new Uint8Array(0),
    isEightBit: false,
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    releaseAtMs,
    nowMs,
  };
}

/** Starts the server as a process of its own; its memory is read when it has been up for a few seconds. */
async function start(config: string): Promise<{ readonly startSeconds: number; readonly memoryMB: number }> {
  const main = path.join(import.meta.dirname, '../server/src/main.ts');
  const beganMs = performance.now();
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', main, 'serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  await started(child);
  const startSeconds = Math.round((performance.now() - beganMs) / 10) / 100;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const kib = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1] ?? 0);
  const isGone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await isGone;
  return { startSeconds, memoryMB: Math.round((kib * 1024) / 1_000_000) };
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let logged = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      logged += chunk.toString();
      if (logged.includes('server.started')) resolve();
    });
    child.on('exit', () => reject(new Error(logged)));
  });
}

async function writeConfig(directory: string): Promise<string> {
  const names = ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s'];
  const listeners: string[] = [];
  for (const name of names) listeners.push(`[listeners.${name}]\naddresses = ["127.0.0.1"]\nport = ${await freePort()}\n`);
  const file = path.join(directory, 'capri.toml');
  const { certificate, key } = issueCertificate(makeAuthority('Capri bench', Date.now()), ['mail.capri.test'], { nowMs: Date.now() });
  fs.writeFileSync(path.join(directory, 'certificate.pem'), certificate);
  fs.writeFileSync(path.join(directory, 'key.pem'), key, { mode: 0o600 });
  const own = `[server]\nhostname = "mail.capri.test"\ndomain = "capri.test"\ndata_directory = "data"\n[[tls.certificates]]\ncertificate = "certificate.pem"\nkey = "key.pem"\n[dns]\nservers = ["127.0.0.1:9"]\n`;
  fs.writeFileSync(file, `${own}${listeners.join('')}`);
  return file;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
