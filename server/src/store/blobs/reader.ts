/**
 * Reads bodies. Almost every body is where it was first written, and a segment is never overwritten: as long as its file is there, no look-up is
 * needed. Only when compaction has taken the file away does the database say where the body is now.
 */
import fs from 'node:fs';
import { DomainError } from '#core/errors.ts';
import type { BlobId } from '#core/ids.ts';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { BlobRange } from '../store.ts';
import { openIfThere } from './files.ts';
import { firstPlace, segmentFile } from './layout.ts';
import { ReadPace, readLater } from './read-pace.ts';

/** Files kept open. */
const OPEN_FILES = 64;
/** Neighbours are read together when the gap between them is at most this. */
const GAP_BYTES = 16 * 1024;
const TOGETHER_BYTES = 2 * 2 ** 20;
export const READ_LIMIT_BYTES: number = 8 * 2 ** 20;
/** How often a body can be moved between the look-up and the read before that is a bug. */
const ATTEMPTS = 5;

interface OpenFile {
  readonly descriptor: number;
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
  readonly #pace = new ReadPace();

  constructor(directory: string, connection: Connection) {
    this.#directory = directory;
    this.#connection = connection;
  }

  async read(blob: BlobId, start: number, length: number): Promise<Buffer> {
    if (this.#pace.isQuick(length, 1)) {
      const { segment, place } = this.#locate(blob);
      const file = this.#open(segment);
      if (file) return this.#pace.read(file.descriptor, place + start, length);
      this.#gone.add(segment);
    }
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
  close(): void {
    for (const file of this.#files.values()) this.#drop(file);
    this.#files.clear();
  }

  /** Reads what it can; returns the indexes whose file had just gone. */
  async #readParts(ranges: readonly BlobRange[], indexes: readonly number[], results: Buffer[]): Promise<readonly number[]> {
    const spans = this.#plan(ranges, indexes);
    const failed: number[] = [];
    const waiting: Promise<void>[] = [];
    try {
      for (const span of spans) {
        const file = this.#open(span.segment);
        if (!file) {
          this.#gone.add(span.segment);
          failed.push(...span.parts.map(({ index }) => index));
          continue;
        }
        const length = span.end - span.start;
        if (this.#pace.isQuick(length, spans.length)) share(span, this.#pace.read(file.descriptor, span.start, length), results);
        else waiting.push(this.#readLater(file, span, results));
      }
    } catch (error) {
      // Nobody else looks at the reads that are under way.
      await Promise.allSettled(waiting);
      throw error;
    }
    await Promise.all(waiting);
    return failed;
  }

  async #readLater(file: OpenFile, span: Span, results: Buffer[]): Promise<void> {
    file.users++;
    try {
      share(span, await readLater(file.descriptor, span.start, span.end - span.start), results);
    } finally {
      file.users--;
      if (file.isDropped) this.#drop(file);
    }
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

  /** The open file of a segment; undefined when it is gone. */
  #open(segment: number): OpenFile | undefined {
    let file = this.#files.get(segment);
    if (file) this.#files.delete(segment);
    else {
      const descriptor = openIfThere(segmentFile(this.#directory, segment));
      if (descriptor === undefined) return undefined;
      file = { descriptor, users: 0, isDropped: false };
    }
    this.#files.set(segment, file);
    if (this.#files.size > OPEN_FILES) {
      const oldest = this.#files.entries().next().value;
      if (oldest) {
        this.#files.delete(oldest[0]);
        this.#drop(oldest[1]);
      }
    }
    return file;
  }

  /** Closes a file when its last user has gone. */
  #drop(file: OpenFile): void {
    file.isDropped = true;
    if (file.users === 0) fs.closeSync(file.descriptor);
  }
}

function share(span: Span, bytes: Buffer, results: Buffer[]): void {
  for (const { index, start, length } of span.parts) results[index] = bytes.subarray(start - span.start, start - span.start + length);
}
