/**
 * Where the control socket is: DIR/run/control.sock. The kernel takes paths of at most 107 bytes; where that one is longer than 100, the socket lies in a
 * short directory of its own, whose path is recorded in DIR/run/control-directory.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LONGEST_BYTES = 100;

function runDirectory(dataDirectory: string): string {
  return path.join(dataDirectory, 'run');
}

function recordFile(dataDirectory: string): string {
  return path.join(runDirectory(dataDirectory), 'control-directory');
}

/** Makes the directory that the socket lies in, mode 0700, and returns the socket's path. For the server, which has the data directory's lock. */
export function makeControlPath(dataDirectory: string): string {
  fs.mkdirSync(runDirectory(dataDirectory), { recursive: true, mode: 0o700 });
  fs.chmodSync(runDirectory(dataDirectory), 0o700);
  const usual = path.join(runDirectory(dataDirectory), 'control.sock');
  if (Buffer.byteLength(usual) <= LONGEST_BYTES) {
    fs.rmSync(recordFile(dataDirectory), { force: true });
    return usual;
  }
  const known = findControlPath(dataDirectory);
  if (known !== undefined) return known;
  const short = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-'));
  fs.writeFileSync(recordFile(dataDirectory), short, { mode: 0o600 });
  return path.join(short, 'control.sock');
}

/** The path of the socket as the server made it; undefined where no safe one is recorded. For clients. */
export function findControlPath(dataDirectory: string): string | undefined {
  const usual = path.join(runDirectory(dataDirectory), 'control.sock');
  if (Buffer.byteLength(usual) <= LONGEST_BYTES) return usual;
  const record = readRecord(dataDirectory);
  return record !== undefined && isPrivate(record, dataDirectory) ? path.join(record, 'control.sock') : undefined;
}

function readRecord(dataDirectory: string): string | undefined {
  try {
    return fs.readFileSync(recordFile(dataDirectory), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether nobody but the data directory's owner (or root) can have put a socket there: temporary directories are open to all. */
function isPrivate(directory: string, dataDirectory: string): boolean {
  const found = fs.lstatSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory() || (found.mode & 0o077) !== 0) return false;
  return found.uid === 0 || found.uid === fs.statSync(dataDirectory).uid;
}
