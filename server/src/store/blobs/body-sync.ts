/** Making written bodies durable while the writer goes on with the rows that name them. One sync is under way at a time. */
import type { BodyFiles } from './files.ts';

export interface BodySync {
  /** Begins to make durable what has been written to the file. */
  begin(descriptor: number): void;
  /** Returns when that is done. Throws the error of the sync. */
  wait(): void;
}

/** The sync at the last moment: nothing goes on meanwhile, no thread is needed. */
export class LateSync implements BodySync {
  readonly #files: Pick<BodyFiles, 'sync'>;
  #descriptor: number | undefined;

  constructor(files: Pick<BodyFiles, 'sync'>) {
    this.#files = files;
  }

  begin(descriptor: number): void {
    this.#descriptor = descriptor;
  }

  wait(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) this.#files.sync(descriptor);
  }
}
