/**
 * The writer's segment: all small bodies of a group are appended with one write. The journal keeps them until the segment is synced, or one fdatasync must have
 * ended before the commit that names them.
 *
 * The file is kept a little longer than its bodies (zeros), because fdatasync of a file that does not grow needs no journal commit of the file
 * system: 0.14 ms instead of 0.33 ms where it was measured. The zeros are cut off when the store is opened or the segment is full.
 */
import type { BlobId } from '#core/ids.ts';
import type { BodySync } from './body-sync.ts';
import type { BodyFiles } from './files.ts';
import { blobIdAt, SEGMENT_SPAN, segmentFile, segmentsDirectory, spanOf } from './layout.ts';
import { newSegment } from './new-segment.ts';

const MIN_AHEAD_BYTES = 64 * 1024;
const MAX_AHEAD_BYTES = 2 * 1024 * 1024;
const EMPTY_BODY = new Uint8Array(1);
const ZEROS = new Uint8Array(MAX_AHEAD_BYTES);

/** A body in its place, with the octets that are there: one for an empty body. */
export interface AppendedBody {
  readonly blob: BlobId;
  readonly bytes: Uint8Array;
}

export interface AppenderOptions {
  /** The open segment that a former run left, cut to its committed size. */
  readonly unfinished?: { readonly segment: number; readonly sizeBytes: number };
  /** A segment of this size is full. */
  readonly limitBytes?: number;
}

export class BodyAppender implements Disposable {
  readonly #directory: string;
  readonly #files: BodyFiles;
  readonly #sync: BodySync;
  /** The file that is written to; undefined until the first append and after a failure. */
  #descriptor: number | undefined;
  #isSyncing = false;
  #segment = 0;
  /** End of the bodies. */
  #end = 0;
  /** End of those that are known to be durable. */
  #settledEnd = 0;
  /** End of the file. */
  #allocated = 0;
  #floor: number;

  readonly #limitBytes: number;

  constructor(directory: string, files: BodyFiles, sync: BodySync, floor: number, options: AppenderOptions = {}) {
    this.#directory = directory;
    this.#files = files;
    this.#sync = sync;
    this.#floor = floor;
    this.#limitBytes = Math.min(options.limitBytes ?? SEGMENT_SPAN, SEGMENT_SPAN);
    const { unfinished } = options;
    if (unfinished && unfinished.sizeBytes < this.#limitBytes) {
      this.#segment = unfinished.segment;
      this.#end = unfinished.sizeBytes;
      this.#settledEnd = this.#end;
      this.#descriptor = files.open(segmentFile(directory, unfinished.segment), 'r+');
      this.#allocated = this.#end;
    }
  }

  get segment(): number {
    return this.#segment;
  }

  get sizeBytes(): number {
    return this.#end;
  }

  /**
   * Appends bodies; returns where, and the octets there. With `isSynced` it begins to sync them, and they may be named after `settle`; else somebody else keeps them.
   * After an error nothing is kept of them.
   */
  append(bodies: readonly Uint8Array[], isSynced: boolean): AppendedBody[] {
    this.settle();
    const descriptor = this.#openForAppend();
    let end = this.#end;
    const appended = bodies.map((body): AppendedBody => {
      const blob = blobIdAt(this.#segment, end);
      end += spanOf(body.length);
      return { blob, bytes: body.length === 0 ? EMPTY_BODY : body };
    });
    const octets = appended.map(({ bytes }) => bytes);
    try {
      if (end > this.#allocated) this.#grow(descriptor, octets, end);
      else this.#files.write(descriptor, octets, this.#end);
    } catch (error) {
      this.#cutBack(descriptor);
      throw error;
    }
    this.#end = end;
    if (isSynced) {
      this.#isSyncing = true;
      this.#sync.begin(descriptor);
    } else this.#settledEnd = end;
    return appended;
  }

  /**
   * Returns when everything appended is durable. Throws the error of the sync: then the next append begins in a new segment, for the kernel may have dropped
   * the pages that it could not write, and would call the next sync a success.
   */
  settle(): void {
    if (!this.#isSyncing) return;
    this.#isSyncing = false;
    try {
      this.#sync.wait();
      this.#settledEnd = this.#end;
    } catch (error) {
      this.#end = this.#settledEnd;
      this.#close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.settle();
    } catch {
      // Whoever was waiting for it has been refused.
    }
    this.#close();
  }

  #openForAppend(): number {
    if (this.#descriptor !== undefined && this.#end < this.#limitBytes) return this.#descriptor;
    this.#close();
    const { segment, handle } = newSegment(this.#directory, this.#floor, (file) => this.#files.open(file, 'wx+'));
    try {
      this.#files.syncDirectory(segmentsDirectory(this.#directory));
    } catch (error) {
      this.#files.close(handle);
      throw error;
    }
    this.#descriptor = handle;
    this.#segment = segment;
    this.#floor = segment;
    this.#end = 0;
    this.#settledEnd = 0;
    this.#allocated = 0;
    return handle;
  }

  #grow(descriptor: number, bodies: readonly Uint8Array[], end: number): void {
    const ahead = Math.min(Math.max(end, MIN_AHEAD_BYTES), MAX_AHEAD_BYTES, Math.max(0, this.#limitBytes - end));
    try {
      this.#files.write(descriptor, [...bodies, ZEROS.subarray(0, ahead)], this.#end);
      this.#allocated = end + ahead;
    } catch {
      // Room for the bodies is enough: if that fails too, the error is the caller's.
      this.#files.write(descriptor, bodies, this.#end);
      this.#allocated = end;
    }
  }

  /** After a failed write: the disk is full, and what was written of the group goes away. */
  #cutBack(descriptor: number): void {
    try {
      this.#files.truncate(descriptor, this.#end);
      this.#allocated = this.#end;
    } catch {
      this.#close();
    }
  }

  /** Cuts off the zeros, as far as that works, and leaves the file. */
  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor === undefined) return;
    try {
      this.#files.truncate(descriptor, this.#end);
    } catch {
      // They are cut off when the store is opened the next time.
    } finally {
      this.#files.close(descriptor);
    }
  }
}
