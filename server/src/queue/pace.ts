/**
 * How fast one destination is served. It begins with what the settings allow. When the destination says that we are too fast (421, 4.7.x), half the connections
 * remain and a pause comes between messages, twice as long each time; with every few messages that it takes, one connection more and half the pause.
 *
 * RFC 5321 §4.5.4.1 (limit concurrency) · RFC 3463 §3.8 (x.7.x)
 */
import type { DestinationLimits } from './settings.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Messages taken in a row that make it faster again. */
const GOOD_IN_A_ROW = 10;

export class Pace {
  readonly #limits: Pick<DestinationLimits, 'connections' | 'intervalMs'>;
  #connections: number;
  /** Besides the interval of the settings. */
  #pauseMs = 0;
  #goodInARow = 0;
  #nextAtMs = 0;
  #pushedBackAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: Pick<DestinationLimits, 'connections' | 'intervalMs'>) {
    this.#limits = limits;
    this.#connections = limits.connections;
  }

  /** Connections that may be open now. */
  get connections(): number {
    return this.#connections;
  }

  /** Between the beginnings of two messages. */
  get intervalMs(): number {
    return Math.max(this.#limits.intervalMs, this.#pauseMs);
  }

  get isSlowed(): boolean {
    return this.#pauseMs > 0 || this.#connections < this.#limits.connections;
  }

  /** How long the next message has to wait. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextAtMs - nowMs);
  }

  /** A message begins. */
  began(nowMs: number): void {
    this.#nextAtMs = nowMs + this.intervalMs;
  }

  /** The destination took what began at `beganAtMs`. */
  took(beganAtMs: number): void {
    if (!this.isSlowed || beganAtMs < this.#pushedBackAtMs) return;
    if (++this.#goodInARow < GOOD_IN_A_ROW) return;
    this.#goodInARow = 0;
    this.#connections = Math.min(this.#limits.connections, this.#connections + 1);
    this.#pauseMs = this.#pauseMs <= FIRST_PAUSE_MS ? 0 : this.#pauseMs / 2;
  }

  /** The destination does not want so much of us; what had begun before it said so already does not count again. */
  pushedBack(beganAtMs: number, nowMs: number): void {
    this.#goodInARow = 0;
    if (beganAtMs < this.#pushedBackAtMs) return;
    this.#pushedBackAtMs = nowMs;
    this.#connections = Math.max(1, Math.floor(this.#connections / 2));
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#nextAtMs = nowMs + this.intervalMs;
  }
}
