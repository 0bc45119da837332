/**
 * Large bodies, streamed by a protocol thread into segments of its own while they arrive. A body lies in one piece, so each stream has a segment to
 * itself while it lasts; a thread with three uploads at once has three.
 */
import fsSync from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { DomainError } from '#core/errors.ts';
import type { StoredBody } from '../mutation.ts';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { BodyStream } from '../store.ts';
import { isDiskFull } from './files.ts';
import { blobIdAt, SEGMENT_SPAN, segmentFile, segmentsDirectory, spanOf } from './layout.ts';
import { newSegment } from './new-segment.ts';

interface OpenSegment {
  readonly segment: number;
  readonly handle: FileHandle;
  /** Where the next body begins. */
  end: number;
  isDirectorySynced: boolean;
}

/** Chunks are gathered to this size before they are written. */
const WRITE_BYTES = 256 * 1024;
const EMPTY_BODY = new Uint8Array(1);

export class BodyStreams {
  readonly #directory: string;
  readonly #owner: string;
  readonly #connection: Connection;
  readonly #limitBytes: number;
  /** Segments that no stream is using. */
  #idle: OpenSegment[] = [];
  readonly #busy = new Set<OpenSegment>();
  #resumed: Promise<void> | undefined;

  constructor(directory: string, owner: string, connection: Connection, limitBytes: number = SEGMENT_SPAN) {
    this.#directory = directory;
    this.#owner = owner;
    this.#connection = connection;
    this.#limitBytes = Math.min(limitBytes, SEGMENT_SPAN);
  }

  begin(): BodyStream {
    return new SegmentStream(
      () => this.#take(),
      (segment, isUsable) => this.#giveBack(segment, isUsable),
      this.#directory,
    );
  }

  async close(): Promise<void> {
    const all = [...this.#idle, ...this.#busy];
    this.#idle = [];
    await Promise.all(all.map(({ handle }) => handle.close()));
  }

  async #take(): Promise<OpenSegment> {
    this.#resumed ??= this.#resume();
    await this.#resumed;
    let segment = this.#idle.pop();
    if (!segment) {
      const floor = this.#connection.one<{ last: number | null }>(sql`SELECT max(segment) AS last FROM segment`)?.last ?? 0;
      // The name is taken at once; the handle follows.
      const made = newSegment(this.#directory, floor, (file) => fsSync.closeSync(fsSync.openSync(file, 'wx', 0o600)));
      segment = { segment: made.segment, handle: await fs.open(segmentFile(this.#directory, made.segment), 'r+'), end: 0, isDirectorySynced: false };
    }
    this.#busy.add(segment);
    return segment;
  }

  #giveBack(segment: OpenSegment, isUsable: boolean): void {
    this.#busy.delete(segment);
    if (isUsable && segment.end < this.#limitBytes) this.#idle.push(segment);
    else segment.handle.close().catch(() => undefined);
  }

  /** Goes on in the segments that this thread left open when it last ran. Their ends are the files' ends: a body may be synced and not yet named. */
  async #resume(): Promise<void> {
    const open = this.#connection.rows<[number]>(sql`SELECT segment FROM segment WHERE owner = ${this.#owner} AND state = 'open' ORDER BY segment LIMIT 8`);
    for (const [segment] of open) {
      // One that is missing is the checker's to tell of; here it is just not gone on with.
      const handle = await fs.open(segmentFile(this.#directory, segment), 'r+').catch(() => undefined);
      if (!handle) continue;
      const { size } = await handle.stat();
      if (size < this.#limitBytes) this.#idle.push({ segment, handle, end: size, isDirectorySynced: true });
      else await handle.close();
    }
  }
}

class SegmentStream implements BodyStream {
  readonly #take: () => Promise<OpenSegment>;
  readonly #giveBack: (segment: OpenSegment, isUsable: boolean) => void;
  readonly #directory: string;
  #segment: OpenSegment | undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #length = 0;
  #state: 'open' | 'done' = 'open';
  /** True after a failed sync: the kernel may have dropped the pages that it could not write, and would call the next sync a success. */
  #isDoubtful = false;

  constructor(take: () => Promise<OpenSegment>, giveBack: (segment: OpenSegment, isUsable: boolean) => void, directory: string) {
    this.#take = take;
    this.#giveBack = giveBack;
    this.#directory = directory;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    // The caller may use its buffer again.
    // Not slice(): on a Buffer that is a view.
    this.#gathered.push(new Uint8Array(chunk));
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= WRITE_BYTES) await this.#guard(() => this.#writeGathered());
  }

  async finish(): Promise<StoredBody> {
    this.#assertOpen();
    const segment = await this.#guard(async () => {
      const target = await this.#writeGathered();
      if (this.#length === 0) await target.handle.write(EMPTY_BODY, 0, 1, target.end);
      this.#isDoubtful = true;
      await target.handle.datasync();
      this.#isDoubtful = false;
      if (!target.isDirectorySynced) {
        const directory = await fs.open(segmentsDirectory(this.#directory), 'r');
        try {
          await directory.sync();
        } finally {
          await directory.close();
        }
        target.isDirectorySynced = true;
      }
      return target;
    });
    this.#state = 'done';
    const body: StoredBody = { blob: blobIdAt(segment.segment, segment.end), length: this.#length };
    segment.end += spanOf(this.#length);
    this.#giveBack(segment, true);
    return body;
  }

  async abort(): Promise<void> {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#gathered = [];
    await this.#release();
  }

  async #writeGathered(): Promise<OpenSegment> {
    this.#segment ??= await this.#take();
    const segment = this.#segment;
    const chunks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    let at = segment.end + this.#length;
    for (const chunk of chunks) this.#length += chunk.length;
    const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    for (let written = 0; bytes && written < bytes.length; ) {
      const { bytesWritten } = await segment.handle.write(bytes, written, bytes.length - written, at);
      written += bytesWritten;
      at += bytesWritten;
    }
    return segment;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#state = 'done';
      await this.#release();
      throw new DomainError(isDiskFull(error) ? 'disk-full' : 'store-failed', `a message could not be written: ${String(error)}`);
    }
  }

  /** Cuts off what was written and gives the segment to the next stream. */
  async #release(): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    if (!segment) return;
    let isUsable = !this.#isDoubtful;
    try {
      await segment.handle.truncate(segment.end);
    } catch {
      // What it left behind is dead space; the file is not written to again.
      isUsable = false;
    }
    this.#giveBack(segment, isUsable);
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw new Error('the body stream has ended');
  }
}
