/**
 * The journal: what makes a group durable with one sync of a few octets. It holds the changing statements of each group and its small bodies; the database's log and
 * the segments are written beside it without a sync, and synced together, behind the answers, when a file of the journal is full. After a power cut `recover`
 * does again what the database has lost. docs/durability.md · docs/decisions/0017
 *
 * Two files take turns. A file is written from its beginning again when everything that it tells of has been synced where it belongs.
 */
import fs from 'node:fs';
import type { BodyFiles, HeldFile } from '../blobs/files.ts';
import { firstPlace, logFile, segmentFile, storeDirectory } from '../blobs/layout.ts';
import type { Statement } from '../sql.ts';
import { HEADER_BYTES, type JournalBody, RecordWriter } from './record.ts';
import { journalDirectory, journalFiles } from './place.ts';

/** Small, so that what is synced at a time is not in the way of the next groups for long. */
const FULL_BYTES = 4 * 2 ** 20;
/** Zeros are written ahead: a sync of a file that does not grow needs no commit of the file system's journal. */
const MIN_AHEAD_BYTES = 64 * 1024;
const MAX_AHEAD_BYTES = 2 * 2 ** 20;
const ZEROS = new Uint8Array(MAX_AHEAD_BYTES);

export interface JournalOptions {
  readonly directory: string;
  readonly files: BodyFiles;
  /** The sequence of the last group that the database has. */
  readonly applied: number;
  /** From this size on the other file is used next; at four times of it the writer waits until that can be. Default: 4 MiB. */
  readonly fullBytes?: number;
  /** Told when what the journal was to keep could not be kept: the store must be opened anew. */
  readonly onFatal: (error: unknown) => void;
}

interface JournalFile {
  readonly path: string;
  descriptor: number | undefined;
  /** End of the file. */
  allocated: number;
}

/** What nothing but a file of the journal keeps: segments with bodies, by number, and the database's log. */
type Kept = Map<number | 'log', HeldFile>;

export class Journal implements Disposable {
  readonly #options: JournalOptions;
  readonly #fullBytes: number;
  readonly #writer = new RecordWriter();
  #file: JournalFile;
  #other: JournalFile;
  /** Where the records of the file end. */
  #end = 0;
  /** Octets of the record that is not committed yet. */
  #pending = 0;
  #sequence: number;
  #cycle: number;
  /** False after a failure: the next record goes to the other file. */
  #isWritable = true;
  #isClosed = false;
  #kept: Kept = new Map();
  /** What the other file keeps; undefined: nothing, it can be used again. */
  #keptByOther: Kept | undefined;
  #hardening: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#fullBytes = options.fullBytes ?? FULL_BYTES;
    this.#sequence = options.applied;
    this.#cycle = options.applied;
    const [first, second] = journalFiles(options.directory);
    this.#file = { path: first, descriptor: undefined, allocated: 0 };
    this.#other = { path: second, descriptor: undefined, allocated: 0 };
  }

  /** The sequence of the next group, to be written into the database with it. */
  get next(): number {
    return this.#sequence + 1;
  }

  /** Whether a segment holds bodies that a failed sync of it could lose. */
  keeps(segment: number): boolean {
    return this.#kept.has(segment) || this.#keptByOther?.has(segment) === true;
  }

  /** Makes a group durable; it is then to be committed (`confirm`) or taken back (`cancel`). Throws when it cannot be written, and nothing is kept of it. */
  append(bodies: readonly JournalBody[], statements: readonly Statement[]): void {
    const { files } = this.#options;
    if (this.#isClosed) throw new Error('the journal is closed');
    if (!this.#isWritable || this.#end >= 4 * this.#fullBytes) this.#change();
    const file = this.#file;
    const descriptor = (file.descriptor ??= this.#open(file));
    const record = this.#writer.write({ sequence: this.next, cycle: this.#cycle, bodies, statements });
    this.#hold(bodies);
    try {
      this.#write(file, descriptor, record);
    } catch (error) {
      this.#takeBack(descriptor);
      throw error;
    }
    try {
      files.sync(descriptor);
    } catch (error) {
      // It was refused, and whoever sent it tries again: where the disk still takes anything it must not come back either.
      this.#takeBack(descriptor);
      // The kernel may have dropped what it could not write, and would call the next sync a success: this file is not appended to any more.
      this.#isWritable = false;
      throw error;
    }
    this.#pending = record.length;
  }

  /** The group that was appended is committed. */
  confirm(): void {
    this.#sequence++;
    this.#end += this.#pending;
    this.#pending = 0;
    if (this.#end >= this.#fullBytes && this.#keptByOther === undefined) this.#turn();
  }

  /** The group that was appended is not committed, as is known: it must not come back. */
  cancel(): void {
    const { descriptor } = this.#file;
    if (this.#pending === 0 || descriptor === undefined) return;
    this.#pending = 0;
    this.#takeBack(descriptor);
  }

  /** Something that only the journal keeps could not be synced: nothing is taken any more, what is kept is done again when the store is opened the next time. */
  fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#close();
    this.#options.onFatal(error);
  }

  /** Syncs everything where it belongs, and leaves nothing to be done again. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    const { files } = this.#options;
    try {
      if (this.#file.descriptor === undefined && this.#other.descriptor === undefined) return;
      for (const kept of [this.#keptByOther, this.#kept]) if (kept !== undefined) this.#harden(kept);
      for (const { descriptor } of [this.#file, this.#other]) {
        if (descriptor === undefined) continue;
        files.truncate(descriptor, 0);
        files.sync(descriptor);
      }
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#isClosed = true;
    for (const { descriptor } of [this.#file, this.#other]) if (descriptor !== undefined) this.#options.files.close(descriptor);
    for (const kept of [this.#keptByOther, this.#kept]) if (kept !== undefined) release(kept);
  }

  #open(file: JournalFile): number {
    const { directory, files } = this.#options;
    fs.mkdirSync(journalDirectory(directory), { recursive: true, mode: 0o700 });
    const isThere = fs.existsSync(file.path);
    const descriptor = files.open(file.path, isThere ? 'r+' : 'wx+');
    try {
      if (isThere) file.allocated = fs.statSync(file.path).size;
      // Also where it is there: who made it may have been killed before this.
      files.syncDirectory(storeDirectory(directory));
      files.syncDirectory(journalDirectory(directory));
    } catch (error) {
      files.close(descriptor);
      throw error;
    }
    return descriptor;
  }

  #write(file: JournalFile, descriptor: number, record: Uint8Array): void {
    const { files } = this.#options;
    const end = this.#end + record.length;
    if (end <= file.allocated) return files.write(descriptor, [record], this.#end);
    const ahead = Math.min(Math.max(end, MIN_AHEAD_BYTES), MAX_AHEAD_BYTES);
    try {
      files.write(descriptor, [record, ZEROS.subarray(0, ahead)], this.#end);
      file.allocated = end + ahead;
    } catch {
      // Room for the record is enough: if that fails too, the error is the caller's.
      files.write(descriptor, [record], this.#end);
      file.allocated = end;
    }
  }

  /** Makes the record that was written last unreadable. Where that fails the file is left: a later group of the same sequence, in a later cycle, holds. */
  #takeBack(descriptor: number): void {
    const { files } = this.#options;
    try {
      files.write(descriptor, [ZEROS.subarray(0, HEADER_BYTES)], this.#end);
      files.sync(descriptor);
    } catch {
      this.#isWritable = false;
    }
  }

  /** Goes on in the other file, whatever it takes. */
  #change(): void {
    if (this.#keptByOther !== undefined) {
      try {
        this.#harden(this.#keptByOther);
      } catch (error) {
        this.fail(error);
        throw error;
      }
    }
    this.#turn();
  }

  /** Goes on in the other file, which is free; what this one tells of is synced meanwhile. */
  #turn(): void {
    [this.#file, this.#other] = [this.#other, this.#file];
    this.#end = 0;
    this.#cycle++;
    this.#isWritable = true;
    const kept = this.#kept;
    this.#keptByOther = kept;
    this.#kept = new Map();
    const before = this.#hardening;
    const work = async (): Promise<void> => {
      await before;
      try {
        for (const held of inOrder(kept)) await held.syncLater();
        // Else the writer has not waited for it, and the file is in use.
        if (this.#keptByOther === kept) this.#keptByOther = undefined;
      } finally {
        release(kept);
      }
    };
    this.#hardening = work().catch((error: unknown) => this.fail(error));
  }

  /** Syncs what a file keeps while the writer waits. */
  #harden(kept: Kept): void {
    for (const held of inOrder(kept)) held.sync();
    this.#keptByOther = undefined;
  }

  /** From before the first of their octets that is not synced: a failure to write them is then told here, too. */
  #hold(bodies: readonly JournalBody[]): void {
    const { directory, files } = this.#options;
    const hold = (key: number | 'log', file: string): void => {
      if (this.#kept.has(key)) return;
      const held = files.hold(file);
      if (held !== undefined) this.#kept.set(key, held);
    };
    hold('log', logFile(directory));
    for (const { blob } of bodies) {
      const { segment } = firstPlace(blob);
      hold(segment, segmentFile(directory, segment));
    }
  }
}

/** The segments, then the log: it names what lies in them. */
function inOrder(kept: Kept): readonly HeldFile[] {
  const log = kept.get('log');
  const segments = [...kept].flatMap(([key, held]) => (key === 'log' ? [] : [held]));
  return log === undefined ? segments : [...segments, log];
}

function release(kept: Kept): void {
  for (const held of kept.values()) held.release();
  kept.clear();
}
