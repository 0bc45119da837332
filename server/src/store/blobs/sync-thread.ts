/**
 * Syncs the writer's segment in a thread of its own, so that the disk works on the bodies while the writer works on the rows: of two waits one after the other
 * one is left. The two speak through shared memory, because the writer must not return to its event loop in the middle of a transaction.
 */
import { Worker } from 'node:worker_threads';
import { getSystemErrorMap } from 'node:util';
import type { BodySync } from './body-sync.ts';
import { diskFiles } from './files.ts';
import { ASKED, DESCRIPTOR, DONE, ERROR_NUMBER, IDLE, SIGNAL_BYTES, STATE, STOPPING } from './sync-signal.ts';

export class SyncThread implements BodySync, AsyncDisposable {
  readonly #signal = new Int32Array(new SharedArrayBuffer(SIGNAL_BYTES));
  /** Resolves when the thread has ended; undefined: it was never needed. Most bodies are kept by the journal. */
  #ended: Promise<void> | undefined;
  /** A file that the thread was not asked for, because it had not started. */
  #late: number | undefined;

  begin(descriptor: number): void {
    const signal = this.#signal;
    this.#ended ??= this.#start();
    if (Atomics.load(signal, STATE) !== IDLE) {
      this.#late = descriptor;
      return;
    }
    Atomics.store(signal, DESCRIPTOR, descriptor);
    Atomics.store(signal, STATE, ASKED);
    Atomics.notify(signal, STATE);
  }

  wait(): void {
    const late = this.#late;
    if (late !== undefined) {
      this.#late = undefined;
      diskFiles.sync(late);
      return;
    }
    const signal = this.#signal;
    // The thread ends only when it is told to, and one sync only: a second one would call pages written that the kernel has dropped.
    while (Atomics.load(signal, STATE) === ASKED) Atomics.wait(signal, STATE, ASKED);
    if (Atomics.compareExchange(signal, STATE, DONE, IDLE) !== DONE) return;
    const number = Atomics.load(signal, ERROR_NUMBER);
    if (number === 0) return;
    const [code, text] = getSystemErrorMap().get(-number) ?? [`errno ${number}`, 'input/output error'];
    throw Object.assign(new Error(`${code}: ${text}, fdatasync`), { code });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) return;
    const signal = this.#signal;
    while (Atomics.load(signal, STATE) === ASKED) Atomics.wait(signal, STATE, ASKED);
    Atomics.store(signal, STATE, STOPPING);
    Atomics.notify(signal, STATE);
    await this.#ended;
  }

  #start(): Promise<void> {
    const worker = new Worker(new URL('./sync-worker.ts', import.meta.url), { workerData: { signal: this.#signal } });
    return new Promise((resolve) => {
      worker.on('exit', () => resolve());
    });
  }
}
