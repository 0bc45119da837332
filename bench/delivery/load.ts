/** The load of the benchmark: SMTP clients that pipeline, as w1.mjs does. */
import { parentPort } from 'node:worker_threads';
import { Corpus, dotStuff } from '../lib/corpus.mjs';
import { Smtp } from '../lib/smtp.mjs';

export interface LoadOrder {
  readonly messages: number;
  readonly size: number;
  readonly connections: number;
  /** Mailboxes that take turns. */
  readonly boxes: number;
  /** Recipients of each message: 1, or all boxes. */
  readonly fanOut: number;
  readonly isSubmission: boolean;
}

export interface LoadReport {
  readonly milliseconds: number;
  readonly cpuMicros: number;
}

const corpus = new Corpus();
let serial = 0;

parentPort?.on('message', (order: LoadOrder & { readonly port: number }) => void run(order));

async function run(order: LoadOrder & { readonly port: number }): Promise<void> {
  const options = order.isSubmission ? { port: order.port, tls: true } : { port: order.port };
  const clients = await Promise.all(
    Array.from({ length: order.connections }, (_, index) => Smtp.connect({ host: '127.0.0.1' }, { ...options, auth: order.isSubmission ? [`u${index + 1}`, 'perf-password'] : null })),
  );
  const bodies: Buffer[] = Array.from({ length: order.messages }, () => bodyFor(order));
  const cpuBefore = process.threadCpuUsage();
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    clients.map(async (client, index) => {
      const from = order.isSubmission ? `u${index + 1}@perf.test` : 'sender@example.com';
      for (let turn = next++; turn < order.messages; turn = next++) {
        const to = order.fanOut > 1 ? Array.from({ length: order.fanOut }, (_, box) => `u${box + 1}@perf.test`) : [`u${(turn % order.boxes) + 1}@perf.test`];
        await client.send(from, to, order.isSubmission ? Buffer.concat([Buffer.from(`From: <${from}>\r\n`), bodies[turn] as Buffer]) : bodies[turn]);
      }
    }),
  );
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.threadCpuUsage(cpuBefore);
  for (const client of clients) await client.quit();
  parentPort?.postMessage({ milliseconds, cpuMicros: user + system } satisfies LoadReport);
}

/** A message of the corpus; for submission without its own From, so that the client can put its own. */
function bodyFor(order: LoadOrder): Buffer {
  const message: Buffer = dotStuff(corpus.message(serial % 5000, { size: order.size, salt: (serial++).toString(36) }));
  return order.isSubmission ? Buffer.from(message.toString('latin1').replace(/^From: .*\r\n/m, ''), 'latin1') : message;
}
