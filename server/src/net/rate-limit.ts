/**
 * How often somebody may do something, and how many things at once, counted in shared memory: common to all threads, of fixed size however many
 * addresses call, and without a lock. Keys are hashed with a secret seed into a table; a key counts in two places and the smaller counts, so that two keys
 * would have to collide twice to harm each other.
 *
 * The rate is a token bucket in its timestamp form (generic cell rate algorithm): a place holds the moment at which its bucket is full again.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '#core/clock.ts';

const PLACES = 1 << 15;

/** `burst` at once, and then one more every `intervalMs`. */
export interface Rate {
  readonly burst: number;
  readonly intervalMs: number;
}

/** What threads share to count together: made once by the main thread, handed to each. */
export interface SharedTable {
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
}

/** The table of a `RateLimiter`. */
export function rateTable(): SharedTable {
  return { memory: new SharedArrayBuffer(PLACES * 4), seed: randomInt(2 ** 32) };
}

export class RateLimiter {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #seed: number;
  /** Milliseconds modulo 2^32 at which the bucket of a place is full again. */
  readonly #fullAt: Int32Array;

  constructor(rate: Rate, clock: Clock, table: SharedTable = rateTable()) {
    this.#rate = rate;
    this.#clock = clock;
    this.#seed = table.seed;
    this.#fullAt = new Int32Array(table.memory);
  }

  /** Takes a token; false (and nothing taken) when there is none. */
  take(key: string): boolean {
    if (this.waitMs(key) > 0) return false;
    this.charge(key);
    return true;
  }

  /** Milliseconds until a token will be there; 0 when there is one. */
  waitMs(key: string): number {
    const now = this.#clock.nowMs() | 0;
    const debt = Math.min(this.#debt(now, hash(key, this.#seed)), this.#debt(now, hash(key, ~this.#seed)));
    return Math.max(0, debt - (this.#rate.burst - 1) * this.#rate.intervalMs);
  }

  /** Takes a token whether there is one or not, up to twice the burst: for failures, which are counted after the fact. */
  charge(key: string): void {
    const now = this.#clock.nowMs() | 0;
    const most = this.#rate.burst * this.#rate.intervalMs * 2;
    for (const seed of [this.#seed, ~this.#seed]) {
      const place = hash(key, seed);
      for (;;) {
        const old = Atomics.load(this.#fullAt, place);
        const debt = Math.min(most, this.#debt(now, place) + this.#rate.intervalMs);
        if (Atomics.compareExchange(this.#fullAt, place, old, (now + debt) | 0) === old) break;
      }
    }
  }

  /** Forgets what a key has used. */
  forgive(key: string): void {
    Atomics.store(this.#fullAt, hash(key, this.#seed), this.#clock.nowMs() | 0);
    Atomics.store(this.#fullAt, hash(key, ~this.#seed), this.#clock.nowMs() | 0);
  }

  /** Milliseconds until the bucket of a place is full. A moment that no bucket can reach is an old one seen past the wrap of 32 bits. */
  #debt(now: number, place: number): number {
    const ahead = (Atomics.load(this.#fullAt, place) - now) | 0;
    return ahead < 0 || ahead > this.#rate.burst * this.#rate.intervalMs * 2 ? 0 : ahead;
  }
}

/** The table of `SharedCounts` for this many threads. */
export function countTable(threads: number): SharedTable {
  return { memory: new SharedArrayBuffer(threads * (PLACES + 1) * 4), seed: randomInt(2 ** 32) };
}

/** How many of something each key has now, over all threads. Each thread writes its own part, so that what a dead thread held can be cleared. */
export class SharedCounts {
  readonly #counts: Int32Array;
  readonly #seed: number;
  readonly #own: number;

  constructor(table: SharedTable = countTable(1), thread: number = 0) {
    this.#counts = new Int32Array(table.memory);
    this.#seed = table.seed;
    this.#own = thread * (PLACES + 1);
    if (this.#own >= this.#counts.length) throw new Error(`no part for thread ${thread} in the table`);
  }

  add(key: string, change: 1 | -1): void {
    Atomics.add(this.#counts, this.#own + PLACES, change);
    Atomics.add(this.#counts, this.#own + hash(key, this.#seed), change);
    Atomics.add(this.#counts, this.#own + hash(key, ~this.#seed), change);
  }

  get total(): number {
    return this.#sum(PLACES);
  }

  of(key: string): number {
    return Math.min(this.#sum(hash(key, this.#seed)), this.#sum(hash(key, ~this.#seed)));
  }

  /** For a thread that starts again after it died. */
  clearOwn(): void {
    this.#counts.fill(0, this.#own, this.#own + PLACES + 1);
  }

  #sum(place: number): number {
    let sum = 0;
    for (let at = place; at < this.#counts.length; at += PLACES + 1) sum += Atomics.load(this.#counts, at);
    return sum;
  }
}

/** A place in the table: FNV-1a, mixed, seeded. */
function hash(key: string, seed: number): number {
  let value = seed ^ 0x811c9dc5;
  for (let index = 0; index < key.length; index++) value = Math.imul(value ^ key.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) & (PLACES - 1);
}
