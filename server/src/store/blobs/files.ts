/** The file operations that make bodies durable, as a seam: tests put a full or failing disk behind it. */
import fs from 'node:fs';

export interface BodyFiles {
  open(file: string, flags: 'r+' | 'wx+'): number;
  write(descriptor: number, buffers: readonly Uint8Array[], position: number): void;
  sync(descriptor: number): void;
  /** Makes what was written to a file durable, whoever wrote it. One that is gone holds nothing that anybody needs. */
  syncFile(file: string): void;
  /** The same without waiting. */
  syncFileLater(file: string): Promise<void>;
  truncate(descriptor: number, length: number): void;
  close(descriptor: number): void;
  /** Makes new names in a directory durable. */
  syncDirectory(directory: string): void;
  /** Free and total octets of the file system that holds the path, for an ordinary user. */
  space(directory: string): { readonly freeBytes: number; readonly totalBytes: number };
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
    let descriptor: number;
    try {
      descriptor = fs.openSync(file, 'r');
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    try {
      fs.fdatasyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  },
  syncFileLater: async (file) => {
    let handle: fs.promises.FileHandle;
    try {
      handle = await fs.promises.open(file, 'r');
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
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

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Whether an error says that the disk (or the user's share of it) is full. */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || code === 'SQLITE_FULL';
}
