/**
 * Answers that are remembered for as long as they say; bounded in number and in octets, the least recently used go first.
 *
 * RFC 2181 §8 · RFC 2308 · RFC 9520
 */
import type { Clock } from '#core/clock.ts';

export interface CacheLimits {
  readonly entries: number;
  readonly octets: number;
}

interface Remembered<Value> {
  readonly value: Value;
  readonly untilMs: number;
  readonly octets: number;
}

export class AnswerCache<Value> {
  readonly #entries = new Map<string, Remembered<Value>>();
  readonly #clock: Clock;
  readonly #limits: CacheLimits;
  #octets = 0;

  constructor(clock: Clock, limits: CacheLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.#clock.nowMs()) {
      this.#octets -= entry.octets;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** `octets`: what it holds in memory, roughly. What would be more than a hundredth of the room is not remembered. */
  set(key: string, value: Value, ttlS: number, octets: number): void {
    this.#remove(key);
    if (ttlS <= 0 || octets > this.#limits.octets / 100) return;
    this.#entries.set(key, { value, untilMs: this.#clock.nowMs() + ttlS * 1000, octets });
    this.#octets += octets;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#octets <= this.#limits.octets) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#octets -= entry.octets;
  }
}
