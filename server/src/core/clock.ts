/** Time as an argument: production reads the system's clock, tests set their own. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A clock for tests: stands still until told. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(startMs: number = Date.UTC(2026, 10, 23, 12)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** The zone of this machine, by its name in the IANA list: for times that people read. */
export function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
