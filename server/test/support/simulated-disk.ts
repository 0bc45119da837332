/**
 * A disk that can lose its power at any moment, behind the seam of the store's files: it remembers for each file what was synced and what was only written, and builds
 * the directory as a power cut could leave it. Of what was not synced any sectors may survive, in any order; of a file that grew, any length. The database and its log,
 * which SQLite writes, are looked at as they are at the moments when somebody syncs them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type BodyFiles, diskFiles } from '#store/blobs/files.ts';
import { logFile, metadataFile } from '#store/blobs/layout.ts';

const SECTOR_BYTES = 512;
const LOG_HEADER_BYTES = 32;

/** How much of what was not synced survives. */
export type Survival = 'nothing' | 'everything' | 'some';

interface FileState {
  durable: Buffer;
  /** Octets and their place, or a new length. */
  pending: ({ readonly at: number; readonly bytes: Buffer } | { readonly length: number })[];
  isNamed: boolean;
}

export class SimulatedDisk {
  readonly directory: string;
  readonly #random: () => number;
  readonly #onStep: () => void;
  readonly #files = new Map<string, FileState>();
  readonly #opened = new Map<number, string>();
  #log: Buffer;
  #database: Buffer;
  /** How many of the next writes find no room. */
  writesToFail = 0;

  /** All that is in the directory now is on the disk. `onStep` is called before and after each call that writes or syncs. */
  constructor(directory: string, random: () => number, onStep: () => void) {
    this.directory = directory;
    this.#random = random;
    this.#onStep = onStep;
    for (const folder of ['segments', 'journal'])
      for (const name of readFolder(path.join(directory, 'store', folder))) {
        const file = path.join(directory, 'store', folder, name);
        this.#files.set(file, { durable: fs.readFileSync(file), pending: [], isNamed: true });
      }
    this.#log = read(logFile(directory));
    this.#database = read(metadataFile(directory));
  }

  /** What the store is given. Nothing is really synced. */
  get files(): BodyFiles {
    const stepped = <Result>(work: () => Result): Result => {
      this.#onStep();
      const result = work();
      this.#onStep();
      return result;
    };
    return {
      ...diskFiles,
      open: (file, flags) => {
        const descriptor = diskFiles.open(file, flags);
        this.#opened.set(descriptor, file);
        if (!this.#files.has(file)) this.#files.set(file, { durable: Buffer.alloc(0), pending: [], isNamed: false });
        return descriptor;
      },
      write: (descriptor, buffers, at) =>
        stepped(() => {
          const bytes = Buffer.concat(buffers);
          if (this.writesToFail > 0) {
            this.writesToFail--;
            // As far as there was room.
            this.#write(descriptor, at, bytes.subarray(0, Math.floor(this.#random() * bytes.length)));
            throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
          }
          this.#write(descriptor, at, bytes);
        }),
      truncate: (descriptor, length) =>
        stepped(() => {
          diskFiles.truncate(descriptor, length);
          this.#state(descriptor).pending.push({ length });
        }),
      sync: (descriptor) => stepped(() => settle(this.#state(descriptor))),
      syncFile: (file) => stepped(() => this.#syncFile(file)),
      hold: (file) => ({
        sync: () => stepped(() => this.#syncFile(file)),
        syncLater: async () => {
          await new Promise((resolve) => setTimeout(resolve, 2 * this.#random()));
          stepped(() => this.#syncFile(file));
        },
        release: () => undefined,
      }),
      close: (descriptor) => {
        this.#opened.delete(descriptor);
        diskFiles.close(descriptor);
      },
      syncDirectory: (folder) => {
        for (const [file, state] of this.#files) if (path.dirname(file) === folder) state.isNamed = true;
      },
    };
  }

  /** The log is copied into the database by `work`: SQLite syncs the log before and the database behind it. */
  checkpoint(work: () => void): void {
    this.#log = read(logFile(this.directory));
    work();
    this.#onStep();
    this.#database = read(metadataFile(this.directory));
  }

  /** Writes into a new directory what is left after a power cut at this moment. `survival` is for each kind of file. */
  cut(target: string, survival: { readonly journal: Survival; readonly segments: Survival; readonly log: Survival }): void {
    const store = path.join(target, 'store');
    for (const folder of ['segments', 'journal']) fs.mkdirSync(path.join(store, folder), { recursive: true });
    for (const [file, state] of this.#files) {
      const kind = path.basename(path.dirname(file)) === 'journal' ? 'journal' : 'segments';
      if (!state.isNamed && !this.#survives(survival[kind])) continue;
      // The name of one that was removed may still be there.
      if (!fs.existsSync(file) && !this.#survives('some')) continue;
      fs.writeFileSync(path.join(target, path.relative(this.directory, file)), this.#left(state, survival[kind]));
    }
    fs.writeFileSync(metadataFile(target), this.mixed(this.#database, read(metadataFile(this.directory)), survival.log));
    const log = read(logFile(this.directory));
    // A log that begins anew has its header synced before anything else of it is written.
    const before = apply(this.#log, 0, [{ at: 0, bytes: log.subarray(0, LOG_HEADER_BYTES) }]);
    fs.writeFileSync(logFile(target), this.mixed(before, log, survival.log));
  }

  /** Nobody uses it any more: closes what is open. */
  close(): void {
    for (const descriptor of this.#opened.keys()) diskFiles.close(descriptor);
    this.#opened.clear();
  }

  /** Each sector of the one or the other. */
  mixed(before: Buffer, after: Buffer, survival: Survival): Buffer {
    return apply(
      before,
      after.length,
      sectorsOf(0, after).filter(() => this.#survives(survival)),
    );
  }

  #left({ durable, pending }: FileState, survival: Survival): Buffer {
    let content = durable;
    for (const change of pending) {
      if ('length' in change) {
        if (this.#survives(survival)) content = resized(content, change.length);
        continue;
      }
      const sectors = sectorsOf(change.at, change.bytes).filter(() => this.#survives(survival));
      content = apply(content, this.#survives(survival) ? change.at + change.bytes.length : 0, sectors);
    }
    return content;
  }

  #survives(survival: Survival): boolean {
    return survival === 'everything' || (survival === 'some' && this.#random() < 0.5);
  }

  #write(descriptor: number, at: number, bytes: Buffer): void {
    diskFiles.write(descriptor, [bytes], at);
    this.#state(descriptor).pending.push({ at, bytes });
  }

  #syncFile(file: string): void {
    if (file === logFile(this.directory)) this.#log = read(file);
    const state = this.#files.get(file);
    if (state) settle(state);
  }

  #state(descriptor: number): FileState {
    const state = this.#files.get(this.#opened.get(descriptor) ?? '');
    if (!state) throw new Error(`the descriptor ${descriptor} is not one of this disk`);
    return state;
  }
}

interface Piece {
  readonly at: number;
  readonly bytes: Buffer;
}

/** In pieces that end where sectors end. */
function sectorsOf(at: number, bytes: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + SECTOR_BYTES - ((at + start) % SECTOR_BYTES));
    pieces.push({ at: at + start, bytes: bytes.subarray(start, end) });
    start = end;
  }
  return pieces;
}

/** Pieces over what was there; at least as long as `length`. */
function apply(content: Buffer, length: number, pieces: readonly Piece[]): Buffer {
  const end = Math.max(content.length, length, ...pieces.slice(-1).map(({ at, bytes }) => at + bytes.length));
  const result = resized(content, end);
  for (const { at, bytes } of pieces) bytes.copy(result, at);
  return result;
}

function resized(content: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  content.copy(result, 0, 0, Math.min(length, content.length));
  return result;
}

function settle(state: FileState): void {
  for (const change of state.pending) state.durable = 'length' in change ? resized(state.durable, change.length) : apply(state.durable, 0, [change]);
  state.pending = [];
}

function read(file: string): Buffer {
  return fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
}

function readFolder(folder: string): readonly string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}
