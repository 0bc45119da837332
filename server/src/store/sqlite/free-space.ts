/** Whether new messages still fit: a look at the file system at most once a second. */
import type { BodyFiles } from '../blobs/files.ts';

const LOOK_EVERY_MS = 1000;
const DEFAULT_MARK_BYTES = 64 * 2 ** 20;

export class FreeSpace {
  readonly #files: BodyFiles;
  readonly #directory: string;
  readonly #markBytes: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isBelow = false;

  constructor(files: BodyFiles, directory: string, markBytes: number | undefined) {
    this.#files = files;
    this.#directory = directory;
    this.#markBytes = markBytes;
  }

  isBelowMark(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs > LOOK_EVERY_MS) {
      this.#isBelow = this.#look();
      this.#lookedAtMs = nowMs;
    }
    return this.#isBelow;
  }

  #look(): boolean {
    try {
      const { freeBytes, totalBytes } = this.#files.space(this.#directory);
      return freeBytes < (this.#markBytes ?? Math.min(DEFAULT_MARK_BYTES, totalBytes / 20));
    } catch {
      // The write itself will tell what is wrong.
      return false;
    }
  }

  /** Looks again next time: something has just failed. */
  forget(): void {
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }
}
