/**
 * Takes reports out of what they are packed in: gzip, or a zip archive, or nothing. By the first octets, whatever the name says. Bounded in what goes in, in what comes
 * out, in the number of entries and in nesting: an archive of a few kilobytes must not become gigabytes.
 *
 * RFC 1952 (gzip) · RFC 1951 (deflate) · APPNOTE 4.3.7, 4.3.12, 4.3.16 (zip)
 */
import { gunzipSync, inflateRawSync } from 'node:zlib';

/** What cannot be unpacked, in words. */
export class UnpackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnpackError';
  }
}

const MOST_IN = 10 * 2 ** 20;
/** Octets of one report; the largest of large providers have some megabytes. */
export const MOST_OUT: number = 32 * 2 ** 20;
const MOST_ENTRIES = 20;
/** A zip with a gzip inside occurs. */
const MOST_LEVELS = 2;

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_BYTES = 22;
const COMMENT_BYTES = 65_535;

/** The documents inside: one for gzip and plain octets, one for each entry of an archive; together at most `mostOut` octets. Throws UnpackError. */
export function unpack(bytes: Buffer, mostOut: number = MOST_OUT): readonly Buffer[] {
  if (bytes.length > MOST_IN) throw new UnpackError(`${bytes.length} octets are too many`);
  return unpackLevel(bytes, 0, mostOut);
}

function unpackLevel(bytes: Buffer, level: number, mostOut: number): readonly Buffer[] {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZip = bytes.length >= END_BYTES && bytes.readUInt32LE(0) === LOCAL_HEADER;
  if (!isGzip && !isZip) {
    if (bytes.length > mostOut) throw new UnpackError('the report is too large');
    return [bytes];
  }
  if (level === MOST_LEVELS) throw new UnpackError('archives are packed into each other too often');
  const inner = isGzip ? [gunzip(bytes, mostOut)] : unzip(bytes, mostOut);
  let left = mostOut;
  const documents: Buffer[] = [];
  for (const one of inner) {
    for (const document of unpackLevel(one, level + 1, left)) {
      left -= document.length;
      documents.push(document);
    }
  }
  return documents;
}

function gunzip(bytes: Buffer, mostOut: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.max(1, mostOut) });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    const start = isTooLarge ? undefined : gzipDataStart(bytes);
    if (start === undefined) throw new UnpackError('gzip is damaged or too large', { cause: error });
    // Some senders put a line end behind it, which this takes for another member: then the deflated data alone decide.
    return inflateRaw(bytes.subarray(start), mostOut, 'gzip is damaged or too large');
  }
}

const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
const HEADER_CHECKSUM = 2;

/** Where the deflated data begin. RFC 1952 §2.3 */
function gzipDataStart(bytes: Buffer): number | undefined {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & EXTRA) !== 0) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : 0);
  for (const flag of [NAME, COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if ((flags & HEADER_CHECKSUM) !== 0) at += 2;
  return at < bytes.length ? at : undefined;
}

function inflateRaw(packed: Buffer, mostOut: number, problem: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, mostOut) });
  } catch (error) {
    throw new UnpackError(problem, { cause: error });
  }
}

/** By the directory at the end, as every reader of zip must. */
function unzip(bytes: Buffer, mostOut: number): readonly Buffer[] {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  if (count > MOST_ENTRIES) throw new UnpackError(`an archive of ${count} entries`);
  let at = bytes.readUInt32LE(end + 16);
  let left = mostOut;
  const found: Buffer[] = [];
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new UnpackError('the directory of the archive is damaged');
    const entry = {
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      local: bytes.readUInt32LE(at + 42),
    };
    const nameBytes = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('latin1', at + 46, at + 46 + nameBytes);
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (name.endsWith('/')) continue;
    const content = inflate(bytes, entry, left);
    left -= content.length;
    found.push(content);
  }
  return found;
}

function findEnd(bytes: Buffer): number {
  const from = Math.max(0, bytes.length - END_BYTES - COMMENT_BYTES);
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(END_OF_DIRECTORY);
  const end = bytes.subarray(from).lastIndexOf(signature);
  if (end < 0 || from + end + END_BYTES > bytes.length) throw new UnpackError('the archive has no directory');
  return from + end;
}

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly packedBytes: number;
  readonly local: number;
}

function inflate(bytes: Buffer, { flags, method, packedBytes, local }: Entry, mostOut: number): Buffer {
  if ((flags & 1) !== 0) throw new UnpackError('the archive is encrypted');
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL_HEADER) throw new UnpackError('an entry of the archive is damaged');
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (start + packedBytes > bytes.length) throw new UnpackError('an entry of the archive is cut off');
  const packed = bytes.subarray(start, start + packedBytes);
  if (method === 0) {
    if (packed.length > mostOut) throw new UnpackError('the archive is too large');
    return packed;
  }
  if (method !== 8) throw new UnpackError(`an archive packed by method ${method}`);
  return inflateRaw(packed, mostOut, 'an entry of the archive is damaged or too large');
}
