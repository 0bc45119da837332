/** The file operations that make bodies durable, as a seam: tests put a full or failing disk behind it. */
import fs from 'node:fs';
import { promisify } from 'node:util';

export interface BodyFiles {
  open(file: string, flags: 'r+' | 'wx+'): number;
  write(descriptor: number, buffers: readonly Uint8Array[], position: number): void;
  sync(descriptor: number): void;
  /** Makes what was written to a file durable, whoever wrote it. One that is gone holds nothing that anybody needs. */
  syncFile(file: string): void;
  /** Opens a file that is to be synced later; undefined where it is not there. */
  hold(file: string): HeldFile | undefined;
  truncate(descriptor: number, length: number): void;
  close(descriptor: number): void;
  /** Makes new names in a directory durable. */
  syncDirectory(directory: string): void;
  /** Free and total octets of the file system that holds the path, for an ordinary user. */
  space(directory: string): { readonly freeBytes: number; readonly totalBytes: number };
}

/**
 * A file on its way to the disk. The system tells of a failed write once to each descriptor that was open when it failed, and to nobody who opens the file after somebody
 * has been told: whoever relies on a sync must have held the file since before it was written. Each of the two ways has a descriptor of its own.
 */
export interface HeldFile {
  /** Makes durable what was written to it, whoever wrote it. Throws also what somebody else was told of since it is held. */
  sync(): void;
  /** The same without waiting, once. */
  syncLater(): Promise<void>;
  /** Not needed any more; a sync that is under way comes to its end. */
  release(): void;
}

/** IOV_MAX on Linux. */
const MAX_VECTORS = 1024;

export const diskFiles: BodyFiles = {
  open: (file, flags) => fs.openSync(file, flags, 0o600),
  write: (descriptor, buffers, position) => {
    let at = position;
    for (let first = 0; first < buffers.length; first += MAX_VECTORS) {
      let rest: readonly Uint8Array[] = buffers.slice(first, first + MAX_VECTORS);
      while (rest.length > 0) {
        let written = fs.writevSync(descriptor, rest, at);
        at += written;
        const left: Uint8Array[] = [];
        for (const buffer of rest) {
          if (written < buffer.length) left.push(buffer.subarray(written));
          written = Math.max(0, written - buffer.length);
        }
        rest = left;
      }
    }
  },
  sync: (descriptor) => fs.fdatasyncSync(descriptor),
  syncFile: (file) => {
    const descriptor = openIfThere(file);
    if (descriptor === undefined) return;
    try {
      fs.fdatasyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  },
  hold: (file) => {
    const now = openIfThere(file);
    if (now === undefined) return undefined;
    let later: number | undefined;
    try {
      later = openIfThere(file);
    } catch (error) {
      fs.closeSync(now);
      throw error;
    }
    return {
      sync: () => fs.fdatasyncSync(now),
      syncLater: async () => {
        const descriptor = later;
        later = undefined;
        if (descriptor === undefined) return;
        try {
          await syncLater(descriptor);
        } finally {
          fs.closeSync(descriptor);
        }
      },
      release: () => {
        fs.closeSync(now);
        if (later !== undefined) fs.closeSync(later);
        later = undefined;
      },
    };
  },
  truncate: (descriptor, length) => fs.ftruncateSync(descriptor, length),
  close: (descriptor) => fs.closeSync(descriptor),
  syncDirectory: (directory) => {
    const descriptor = fs.openSync(directory, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  },
  space: (directory) => {
    const { bavail, blocks, bsize } = fs.statfsSync(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};

const syncLater = promisify(fs.fdatasync);

/** For reading; undefined where there is no such file. */
export function openIfThere(file: string): number | undefined {
  try {
    return fs.openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether an error says that the disk (or the user's share of it) is full. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || code === 'SQLITE_FULL';
}
