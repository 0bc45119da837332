/**
 * The threads that make DKIM signatures. An RSA signature takes more processor time than everything else that the queue does with a message, and handing single
 * signatures to Node's pool cost the main thread as much again: a whole message goes over in one piece instead. A thread is started when there is something to sign.
 */
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '#core/async.ts';
import type { SignAnswer, SignOrder, SignRequest } from './sign-order.ts';

/** Half of the processors sign faster than one main thread can send. */
const MOST_THREADS = Math.min(4, Math.max(1, Math.floor(os.availableParallelism() / 2)));

export class SigningThreads implements AsyncDisposable {
  readonly #threads: Array<SigningThread | undefined> = Array.from({ length: MOST_THREADS }, () => undefined);
  #isClosed = false;

  /** The DKIM-Signature fields to put in front, RFC 6376; empty without keys. Throws where the thread ends before it has answered. */
  async sign(order: SignOrder): Promise<Uint8Array> {
    if (this.#isClosed) throw new Error('the threads that sign have been stopped');
    return await this.#leastBusy().sign(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const thread of this.#threads) await thread?.end();
  }

  /** A new one while all that there are have something to do. */
  #leastBusy(): SigningThread {
    let best = 0;
    for (let index = 0; index < this.#threads.length; index++) {
      if (load(this.#threads[index]) < load(this.#threads[best])) best = index;
    }
    const thread = this.#threads[best];
    if (thread !== undefined && !thread.isOver) return thread;
    return (this.#threads[best] = new SigningThread());
  }
}

/** One that is there already is taken before one that must be started, unless it is at work. */
function load(thread: SigningThread | undefined): number {
  return thread === undefined || thread.isOver ? 0.5 : thread.waiting;
}

class SigningThread {
  readonly #worker = new Worker(new URL('./sign-thread.ts', import.meta.url));
  readonly #waiting = new Map<number, Deferred<Uint8Array>>();
  #lastId = 0;
  #isOver = false;

  constructor() {
    this.#worker.on('message', (answer: SignAnswer) => this.#answered(answer));
    this.#worker.on('error', (error: unknown) => this.#ended(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', () => this.#ended('it was stopped'));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  sign(order: SignOrder): Promise<Uint8Array> {
    const id = ++this.#lastId;
    const answer = deferred<Uint8Array>();
    this.#waiting.set(id, answer);
    this.#worker.postMessage({ id, order } satisfies SignRequest, [order.octets.buffer]);
    return answer.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered(answer: SignAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('fields' in answer) waiting?.resolve(answer.fields);
    else waiting?.reject(new Error(answer.error));
  }

  #ended(cause: string): void {
    this.#isOver = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(`the thread that signs has ended: ${cause}`));
    this.#waiting.clear();
  }
}
