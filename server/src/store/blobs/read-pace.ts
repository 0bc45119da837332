/**
 * Whether a read is made at once or handed to the thread pool. What is in the page cache is read at once in 5 µs; the pool takes 50 and more. When a read
 * turns out to be slow, the data come from a disk: the next ones go to the pool for a while, longer each time, so that the event loop is not held again.
 * (On a busy machine a read may just have lost its turn: hence the short first rest.)
 */
import fs from 'node:fs';
import { DomainError } from '#core/errors.ts';

const AT_ONCE_BYTES = 64 * 1024;
/** Reads of one call that are made at once. */
const AT_ONCE_READS = 32;
const SLOW_MS = 1;
const FIRST_REST_MS = 20;
const LONGEST_REST_MS = 1_000;

export class ReadPace {
  #poolUntilMs = 0;
  #restMs = 0;

  isQuick(length: number, reads: number): boolean {
    return length <= AT_ONCE_BYTES && reads <= AT_ONCE_READS && (this.#poolUntilMs === 0 || performance.now() >= this.#poolUntilMs);
  }

  /** Reads at once, and notes how long it took. */
  read(descriptor: number, start: number, length: number): Buffer {
    const startMs = performance.now();
    const bytes = Buffer.allocUnsafeSlow(length);
    let read = 0;
    while (read < length) read += atLeastOne(fs.readSync(descriptor, bytes, read, length - read, start + read), start + read);
    const endMs = performance.now();
    if (endMs - startMs > SLOW_MS) {
      this.#restMs = Math.min(Math.max(this.#restMs * 2, FIRST_REST_MS), LONGEST_REST_MS);
      this.#poolUntilMs = endMs + this.#restMs;
    } else {
      this.#restMs = 0;
      this.#poolUntilMs = 0;
    }
    return bytes;
  }
}

/** Reads in the thread pool. */
export async function readLater(descriptor: number, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let read = 0;
  while (read < length) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    fs.read(descriptor, bytes, read, length - read, start + read, (error, count) => (error ? reject(error) : resolve(count)));
    read += atLeastOne(await promise, start + read);
  }
  return bytes;
}

function atLeastOne(count: number, at: number): number {
  if (count === 0) throw new DomainError('store-failed', `a segment ends at ${at}, inside of a body`);
  return count;
}
