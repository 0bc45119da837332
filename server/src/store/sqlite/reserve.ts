/**
 * Room for the hour of need: a file of a few MiB that is given up when the disk is full to its last octet, so that what makes room (expunging, removing) can
 * still be written to the log. It is made anew when there is space again.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Enough for the log of many expunges. */
const RESERVE_BYTES = 8 * 2 ** 20;
/** Between two attempts to put it by again. */
const TRY_EVERY_MS = 30_000;

export class Reserve {
  readonly #file: string;
  #isThere: boolean;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.#file = path.join(directory, 'reserve');
    this.#isThere = fs.existsSync(this.#file);
  }

  /** Whether it is missing and it is time to try again. */
  get isWanted(): boolean {
    return !this.#isThere && performance.now() - this.#triedAtMs > TRY_EVERY_MS;
  }

  /** Puts the room by; where there is none for it, not. */
  make(): void {
    this.#triedAtMs = performance.now();
    try {
      fs.writeFileSync(this.#file, new Uint8Array(RESERVE_BYTES), { mode: 0o600 });
      this.#isThere = true;
    } catch {
      this.give();
    }
  }

  /** Gives the room up. Returns whether there was any. */
  give(): boolean {
    const was = this.#isThere;
    this.#isThere = false;
    this.#triedAtMs = performance.now();
    try {
      fs.rmSync(this.#file, { force: true });
      return was;
    } catch {
      // What cannot be removed makes no room; the group is refused as it would have been.
      return false;
    }
  }
}
