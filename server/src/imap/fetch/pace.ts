/**
 * Keeps long work from holding the event loop or filling memory: between slices it waits for the client where that is behind, and lets others run after a few
 * milliseconds.
 */
import { yieldToLoop } from '#core/async.ts';
import type { Output } from './output.ts';

const SLICE_MS = 4;

export class Pace {
  #since = performance.now();

  /** Whether it is time to rest. */
  isDue(output?: Output): boolean {
    return output?.isFull === true || performance.now() - this.#since > SLICE_MS;
  }

  /** Call between slices. Throws NetError when the client is gone. */
  async rest(output?: Output): Promise<void> {
    if (output?.isFull === true) await output.drain();
    if (performance.now() - this.#since > SLICE_MS) {
      output?.handOver();
      await yieldToLoop();
      this.#since = performance.now();
    }
  }
}
