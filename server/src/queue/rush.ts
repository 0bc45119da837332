/**
 * Mail that comes in goes before mail that goes out: somebody waits for the answer to the one, nobody for the other. While much is being queued the scheduler
 * holds back, two seconds at the most; what has gathered is then taken in large looks, so that nothing is lost in speed.
 */
const WINDOW_MS = 25;
/** So many commits with queued mail in a window are a rush. */
const BUSY = 4;
const LONGEST_MS = 2000;

export class Rush {
  readonly #pause: (ms: number) => Promise<void>;
  #commits = 0;

  constructor(pause: (ms: number) => Promise<void> = sleep) {
    this.#pause = pause;
  }

  /** Mail has been queued. */
  note(): void {
    this.#commits++;
  }

  /** Resolves after a moment, or when the rush is over, or when it has lasted long enough. */
  async pass(): Promise<void> {
    for (let waitedMs = 0; waitedMs < LONGEST_MS; waitedMs += WINDOW_MS) {
      this.#commits = 0;
      await this.#pause(WINDOW_MS);
      if (this.#commits < BUSY) return;
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
