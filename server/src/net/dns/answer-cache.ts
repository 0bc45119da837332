/** Answers that are remembered for as long as they say; bounded, the least recently used go first. RFC 2181 §8 · RFC 2308 · RFC 9520 */
import type { Clock } from '#core/clock.ts';

interface Remembered<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

export class AnswerCache<Value> {
  readonly #entries = new Map<string, Remembered<Value>>();
  readonly #clock: Clock;
  readonly #limit: number;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.#clock.nowMs()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, ttlS: number): void {
    if (ttlS <= 0) return;
    this.#entries.delete(key);
    if (this.#entries.size >= this.#limit) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, untilMs: this.#clock.nowMs() + ttlS * 1000 });
  }
}
