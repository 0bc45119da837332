/**
 * A quick look at the way in, without peers: SMTP on loopback into a store in a temporary directory, as the server runs it (a protocol thread, the writer's thread),
 * with the load from a third thread. Prints medians of three runs: messages or deliveries a second, and what one costs on the protocol thread and in all.
 *
 *     node bench/delivery.ts [--size 4096] [--messages 3000] [--only w1|one|fanout|submission|large]
 *
 * For figures to compare with other servers use w1.mjs and w7.mjs (README.md).
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { lockDirectory } from '../server/src/store/sqlite/lock.ts';
import { startWriter } from '../server/src/store/sqlite/start-writer.ts';
import type { LoadOrder, LoadReport } from './delivery/load.ts';
import type { DoorReport } from './delivery/door.ts';

const { values } = parseArgs({ options: { size: { type: 'string', default: '4096' }, messages: { type: 'string', default: '3000' }, only: { type: 'string' }, profile: { type: 'boolean' } } });
const size = Number(values.size);
const messages = Number(values.messages);
const BOXES = 100;

const cells: ReadonlyArray<{ readonly name: string; readonly order: LoadOrder; readonly perMessage: number }> = [
  { name: 'w1', order: { messages, size, connections: 32, boxes: 60, fanOut: 1, isSubmission: false }, perMessage: 1 },
  { name: 'one', order: { messages: messages / 4, size, connections: 1, boxes: 60, fanOut: 1, isSubmission: false }, perMessage: 1 },
  { name: 'fanout', order: { messages: 60, size, connections: 1, boxes: BOXES, fanOut: BOXES, isSubmission: false }, perMessage: BOXES },
  { name: 'submission', order: { messages: messages / 2, size, connections: 8, boxes: 8, fanOut: 1, isSubmission: true }, perMessage: 1 },
  { name: 'large', order: { messages: messages / 10, size: 102_400, connections: 8, boxes: 60, fanOut: 1, isSubmission: false }, perMessage: 1 },
];

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-bench-'));
const lock = lockDirectory(directory);
const writer = await startWriter({ directory, file: new URL('delivery/writer.ts', import.meta.url), onFailure: (message) => process.stderr.write(`${message}\n`) });
const port = writer.connect();
const door = new Worker(new URL('delivery/door.ts', import.meta.url), { workerData: { directory, port, boxes: BOXES }, transferList: [port], execArgv: values.profile === true ? ['--cpu-prof', '--cpu-prof-interval=300'] : [] });
const { ports } = await ask<DoorReport & { readonly kind: 'ready' }>(door, undefined);
const load = new Worker(new URL('delivery/load.ts', import.meta.url));

for (const { name, order, perMessage } of cells) {
  if (values.only !== undefined && values.only !== name) continue;
  const rates: number[] = [];
  const doorMicros: number[] = [];
  const allMicros: number[] = [];
  for (let run = 0; run < 4; run++) {
    const before = await cpu();
    const report = await ask<LoadReport>(load, { ...order, port: order.isSubmission ? ports.submissions : ports.smtp });
    const after = await cpu();
    // The first run warms up.
    if (run === 0) continue;
    const count = order.messages * perMessage;
    rates.push(count / (report.milliseconds / 1000));
    doorMicros.push((after.door - before.door) / count);
    allMicros.push((after.all - before.all - report.cpuMicros) / count);
  }
  process.stdout.write(`${name.padEnd(12)}${Math.round(median(rates)).toString().padStart(8)}/s   protocol thread ${median(doorMicros).toFixed(0)} us   server in all ${median(allMicros).toFixed(0)} us\n`);
}

await ask(door, 'stop');
await load.terminate();
await writer[Symbol.asyncDispose]();
lock[Symbol.dispose]();
fs.rmSync(directory, { recursive: true, force: true });

async function cpu(): Promise<{ readonly door: number; readonly all: number }> {
  const { micros } = await ask<DoorReport & { readonly kind: 'cpu' }>(door, 'cpu');
  const { user, system } = process.cpuUsage();
  return { door: micros, all: user + system };
}

function ask<Answer>(worker: Worker, order: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (answer: Answer) => {
      worker.off('error', reject);
      resolve(answer);
    });
    if (order !== undefined) worker.postMessage(order);
  });
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
