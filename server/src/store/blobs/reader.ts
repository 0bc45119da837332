/**
 * Reads bodies. Almost every body is where it was first written, and a segment is never overwritten: as long as its file is there, no look-up is
 * needed. Only when compaction has taken the file away does the database say where the body is now.
 */
import fs, { type FileHandle } from 'node:fs/promises';
import { DomainError } from '#core/errors.ts';
import type { BlobId } from '#core/ids.ts';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { BlobRange } from '../store.ts';
import { firstPlace, segmentFile } from './layout.ts';

/** Files kept open. */
const OPEN_FILES = 64;
/** Neighbours are read together when the gap between them is at most this. */
const GAP_BYTES = 16 * 1024;
const TOGETHER_BYTES = 2 * 2 ** 20;
export const READ_LIMIT_BYTES: number = 8 * 2 ** 20;
/** How often a body can be moved between the look-up and the read before that is a bug. */
const ATTEMPTS = 5;

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
  isDropped: boolean;
}

interface Span {
  readonly segment: number;
  start: number;
  end: number;
  readonly parts: { readonly index: number; readonly start: number; readonly length: number }[];
}

export class BlobReader {
  readonly #directory: string;
  readonly #connection: Connection;
  /** In the order of last use. */
  readonly #files = new Map<number, OpenFile>();
  /** Segments whose file is known to be gone. */
  readonly #gone = new Set<number>();

  constructor(directory: string, connection: Connection) {
    this.#directory = directory;
    this.#connection = connection;
  }

  async read(blob: BlobId, start: number, length: number): Promise<Buffer> {
    const [bytes] = await this.readMany([{ blob, start, length }]);
    return bytes as Buffer;
  }

  async readMany(ranges: readonly BlobRange[]): Promise<readonly Buffer[]> {
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    if (total > READ_LIMIT_BYTES && ranges.length > 1) throw new Error(`${total} octets were asked for at once`);
    const results: Buffer[] = Array.from({ length: ranges.length });
    let missing: readonly number[] = ranges.keys().toArray();
    for (let attempt = 0; missing.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw new DomainError('store-failed', 'a body moved again and again while it was read');
      missing = await this.#readParts(ranges, missing, results);
    }
    return results;
  }

  /** Closes the files; they are opened again when they are needed. */
  closeIdle(): void {
    for (const file of this.#files.values()) this.#drop(file);
    this.#files.clear();
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map(async ({ handle }) => (await handle).close()));
  }

  /** Reads what it can; returns the indexes whose file had just gone. */
  async #readParts(ranges: readonly BlobRange[], indexes: readonly number[], results: Buffer[]): Promise<readonly number[]> {
    const spans = this.#plan(ranges, indexes);
    const failed = await Promise.all(
      spans.map(async (span): Promise<readonly number[]> => {
        let file: OpenFile;
        try {
          file = await this.#use(span.segment);
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
          this.#gone.add(span.segment);
          return span.parts.map(({ index }) => index);
        }
        try {
          const bytes = await readFully(await file.handle, span.start, span.end - span.start);
          for (const { index, start, length } of span.parts) results[index] = bytes.subarray(start - span.start, start - span.start + length);
        } finally {
          this.#unuse(file);
        }
        return [];
      }),
    );
    return failed.flat();
  }

  /** Where the ranges are now, neighbours joined. */
  #plan(ranges: readonly BlobRange[], indexes: readonly number[]): Span[] {
    const places = indexes.map((index) => {
      const { blob, start, length } = ranges[index] as BlobRange;
      const { segment, place } = this.#locate(blob);
      return { index, segment, start: place + start, length };
    });
    const isOrdered = places.every((place, i) => {
      const before = places[i - 1];
      return !before || before.segment < place.segment || (before.segment === place.segment && before.start <= place.start);
    });
    if (!isOrdered) places.sort((a, b) => a.segment - b.segment || a.start - b.start);
    const spans: Span[] = [];
    let open: Span | undefined;
    for (const { segment, ...part } of places) {
      const end = part.start + part.length;
      if (open && open.segment === segment && part.start - open.end <= GAP_BYTES && end - open.start <= TOGETHER_BYTES) {
        open.parts.push(part);
        open.end = Math.max(open.end, end);
      } else {
        open = { segment, start: part.start, end, parts: [part] };
        spans.push(open);
      }
    }
    return spans;
  }

  #locate(blob: BlobId): { readonly segment: number; readonly place: number } {
    const first = firstPlace(blob);
    if (!this.#gone.has(first.segment)) return { segment: first.segment, place: first.offset };
    const row = this.#connection.one<{ segment: number | null; place: number | null }>(sql`SELECT segment, place FROM blob WHERE blob = ${blob}`);
    if (!row || row.segment === null || row.place === null) throw new DomainError('message-expunged', `body ${blob} is no longer stored`);
    return { segment: row.segment, place: row.place };
  }

  async #use(segment: number): Promise<OpenFile> {
    let file = this.#files.get(segment);
    if (file) this.#files.delete(segment);
    else file = { handle: fs.open(segmentFile(this.#directory, segment), 'r'), users: 0, isDropped: false };
    this.#files.set(segment, file);
    file.users++;
    try {
      await file.handle;
    } catch (error) {
      file.users--;
      if (this.#files.get(segment) === file) this.#files.delete(segment);
      throw error;
    }
    for (const [old, other] of this.#files) {
      if (this.#files.size <= OPEN_FILES) break;
      this.#files.delete(old);
      this.#drop(other);
    }
    return file;
  }

  #unuse(file: OpenFile): void {
    file.users--;
    if (file.isDropped) this.#drop(file);
  }

  #drop(file: OpenFile): void {
    file.isDropped = true;
    if (file.users > 0) return;
    file.handle.then((handle) => handle.close()).catch(() => undefined);
  }
}

async function readFully(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, start + read);
    if (bytesRead === 0) throw new DomainError('store-failed', `a segment ends before the body that should be in it (at ${start + read})`);
    read += bytesRead;
  }
  return bytes;
}
