/** Base64 as SASL lines carry it: strictly RFC 4648 §4, with padding, no white space, no stray bits; what is malformed must not pass for a password. */
import { MalformedResponse } from './malformed.ts';

/** Octets of base64 in one line of an exchange: RFC 4954 §4 asks for 12,288. */
export const SASL_LINE_LIMIT = 12_288;

/** The bytes of a line. Throws MalformedResponse. */
export function decodeBase64(line: string): Buffer {
  const bytes = Buffer.from(line, 'base64');
  // Buffer is lenient in what it reads; only what it would write itself is strict base64.
  if (line.length > SASL_LINE_LIMIT || bytes.toString('base64') !== line) throw new MalformedResponse();
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
