/**
 * How the cost of work grows with its input, without a clock on the wall: the processor time of this thread for one size and for eight times as much is
 * compared. What grows with the square costs 64 times as much, what grows with the size eight times; between the two there is room for the garbage collector.
 */
import assert from 'node:assert/strict';

const FACTOR = 8;
/** Below this, in microseconds, the work is too short to compare. */
const SHORTEST_US = 4000;
const LARGEST = 4_000_000;
const ATTEMPTS = 5;
const MOST = 24;

/**
 * Asserts that work is not worse than about linear in the size it is given; `size` is where to begin. It must be cheap enough to be done some ten times.
 * Work that is bounded whatever the size passes too.
 */
export function assertLinear(what: string, size: number, work: (size: number) => unknown): void {
  let small = size;
  // The first runs are slower: nothing has been compiled yet.
  work(small);
  let smallUs = processorTimeUs(work, small);
  while (smallUs < SHORTEST_US && small * 2 * FACTOR <= LARGEST) {
    small *= 2;
    smallUs = processorTimeUs(work, small);
  }
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && best > MOST; attempt++) {
    smallUs = Math.max(processorTimeUs(work, small), 1);
    best = Math.min(best, processorTimeUs(work, small * FACTOR) / Math.max(smallUs, SHORTEST_US / 4));
  }
  assert.ok(best <= MOST, `${what}: ${FACTOR} times the size costs ${best.toFixed(1)} times as much`);
}

/** Of this thread, in microseconds. */
export function processorTimeUs(work: (size: number) => unknown, size: number): number {
  const before = process.threadCpuUsage();
  work(size);
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
