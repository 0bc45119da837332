/**
 * Hands large text parts to a thread of their own, so that nobody waits while megabytes are decoded: one part at a time, in the order of asking, which also
 * bounds the memory of all searches together. The thread is started when first needed and ended when there was nothing to do for a while.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Semaphore } from '#core/async.ts';
import type { StructurePart } from '#message/structure.ts';

/** A text part with its raw octets, and what is looked for (folded). */
export interface TextOrder {
  readonly part: StructurePart;
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly needles: readonly string[];
}

/** The needles that the part's text contains. */
export type TextReport = readonly string[];

const LINGER_MS = 10_000;

export class LargeTextWorker {
  readonly #turn = new Semaphore(1);
  #worker: Worker | undefined;
  #ending: NodeJS.Timeout | undefined;

  /** Which of the needles (folded) the text of a part contains. `read` gives memory that belongs to nobody else, and is called when it is this part's turn. */
  find(part: StructurePart, read: () => Promise<Uint8Array<ArrayBuffer>>, needles: readonly string[]): Promise<TextReport> {
    return this.#turn.use(async () => {
      clearTimeout(this.#ending);
      try {
        return await this.#ask({ part: { ...part, children: [] }, octets: await read(), needles });
      } finally {
        this.#ending = setTimeout(() => this.#stop(), LINGER_MS);
        this.#ending.unref();
      }
    });
  }

  async #ask(order: TextOrder): Promise<TextReport> {
    const worker = (this.#worker ??= this.#start());
    // Only what is under way keeps the process from ending.
    worker.ref();
    try {
      const reported = once(worker, 'message');
      worker.postMessage(order, [order.octets.buffer]);
      const [report] = (await reported) as [TextReport];
      return report;
    } finally {
      worker.unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./large-text-thread.ts', import.meta.url));
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // Whoever waits is told by `once`.
    worker.on('error', forget);
    worker.on('exit', forget);
    return worker;
  }

  #stop(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }
}
