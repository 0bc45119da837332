/** The octets of a message that is about to be signed: its beginning, the whole header in it, and the body in pieces. */
import { findHeaderEnd } from '#message/header-end.ts';

/** The octets of a message as they leave. */
export interface SignedContent {
  readonly sizeBytes: number;
  /** The octets [start, start + length). */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Read at one time: most messages whole. */
const PIECE = 256 * 1024;
/** More than the header of a submitted message may have (intake.ts), with what is put in front of it. */
const HEADER_LIMIT = 512 * 1024;
/** The beginning of a message, its whole header in it if that is not too long. */
export async function readStart(content: SignedContent): Promise<Buffer> {
  const first = bufferOf(await content.read(0, Math.min(PIECE, content.sizeBytes)));
  if (first.length === content.sizeBytes || findHeaderEnd(first) < first.length) return first;
  return bufferOf(await content.read(0, Math.min(HEADER_LIMIT, content.sizeBytes)));
}

export async function* bodyOf(first: Buffer, readBytes: number, content: SignedContent): AsyncGenerator<Uint8Array> {
  yield first;
  for (let at = readBytes; at < content.sizeBytes; ) {
    const piece = await content.read(at, Math.min(PIECE, content.sizeBytes - at));
    yield piece;
    at += piece.length;
  }
}

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
