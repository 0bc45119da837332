/**
 * Transfer decoding, at once or in pieces: the octets that a body stands for.
 *
 * RFC 2045 §6.7 (quoted-printable), §6.8 (base64) · RFC 2047 §4.2 (Q) · POSIX uuencode
 *
 * Lenient: characters that do not belong are skipped, missing padding and padding in the middle are tolerated, a broken quoted-printable escape stands for
 * itself. One rule for both ways: decoding in any pieces gives what decoding at once gives.
 */
import { asBuffer } from '#core/bytes.ts';
import type { TransferEncoding } from './transfer-encoding.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const EMPTY = Buffer.alloc(0);

/** Decodes in pieces. `write` returns what can be known so far, `end` the rest. The returned memory belongs to the caller. */
export interface TransferDecoder {
  write(chunk: Uint8Array): Buffer;
  end(): Buffer;
}

/** A decoder for a body; `unknown` and the identity encodings give the octets as they are. */
export function transferDecoder(encoding: TransferEncoding): TransferDecoder {
  switch (encoding) {
    case 'base64':
      return new Base64Decoder();
    case 'quoted-printable':
      return new QuotedPrintableDecoder();
    case 'uuencode':
      return new UuDecoder();
    case '7bit':
    case '8bit':
    case 'binary':
    case 'unknown':
      return IDENTITY;
  }
}

const IDENTITY: TransferDecoder = { write: asBuffer, end: () => EMPTY };

/** Decodes a whole body. */
export function decodeTransfer(bytes: Uint8Array, encoding: TransferEncoding): Buffer {
  switch (encoding) {
    case 'base64':
      return decodeBase64(asBuffer(bytes));
    case 'quoted-printable':
      return decodeQuotedPrintable(asBuffer(bytes));
    case 'uuencode': {
      const decoder = new UuDecoder();
      return Buffer.concat([decoder.write(bytes), decoder.end()]);
    }
    case '7bit':
    case '8bit':
    case 'binary':
    case 'unknown':
      return asBuffer(bytes);
  }
}

/** Values of the base64 alphabet (and of its URL form); 64 for padding, 65 for what is skipped. */
const BASE64 = new Uint8Array(256).fill(65);
for (const [i, code] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').entries()) BASE64[code] = i;
BASE64['-'.charCodeAt(0)] = 62;
BASE64['_'.charCodeAt(0)] = 63;
BASE64[EQUALS] = 64;

/** Base64 at once. */
export function decodeBase64(bytes: Buffer): Buffer {
  // Node's own decoder is many times faster; it stops at padding, so it is used where padding can only be at the end.
  const padding = bytes.indexOf(EQUALS);
  if (padding < 0 || isPaddingAtEnd(bytes, padding)) return Buffer.from(bytes.toString('latin1'), 'base64');
  const decoder = new Base64Decoder();
  return Buffer.concat([decoder.write(bytes), decoder.end()]);
}

function isPaddingAtEnd(bytes: Buffer, padding: number): boolean {
  for (let at = padding + 1; at < bytes.length; at++) if ((BASE64[bytes[at] as number] as number) < 64) return false;
  return true;
}

class Base64Decoder implements TransferDecoder {
  #bits = 0;
  #count = 0;

  write(chunk: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil((chunk.length * 3) / 4) + 3);
    let length = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let at = 0; at < chunk.length; at++) {
      const value = BASE64[chunk[at] as number] as number;
      if (value === 65) continue;
      if (value === 64) {
        // Padding ends a quantum; what follows begins a new one (texts encoded apart and joined).
        if (count === 2) out[length++] = bits >> 4;
        else if (count === 3) {
          out[length++] = bits >> 10;
          out[length++] = (bits >> 2) & 0xff;
        }
        bits = 0;
        count = 0;
        continue;
      }
      bits = (bits << 6) | value;
      if (++count === 4) {
        out[length++] = bits >> 16;
        out[length++] = (bits >> 8) & 0xff;
        out[length++] = bits & 0xff;
        bits = 0;
        count = 0;
      }
    }
    this.#bits = bits;
    this.#count = count;
    return out.subarray(0, length);
  }

  end(): Buffer {
    const bits = this.#bits;
    const count = this.#count;
    this.#count = 0;
    if (count === 2) return Buffer.of(bits >> 4);
    if (count === 3) return Buffer.of(bits >> 10, (bits >> 2) & 0xff);
    return EMPTY;
  }
}

const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i;
  HEX['0123456789abcdef'.charCodeAt(i)] = i;
}

function hexAt(bytes: Uint8Array, at: number): number {
  const high = HEX[bytes[at] ?? 0] as number;
  const low = HEX[bytes[at + 1] ?? 0] as number;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** Quoted-printable at once. */
export function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const decoder = new QuotedPrintableDecoder();
  const main = decoder.write(bytes);
  const rest = decoder.end();
  return rest.length === 0 ? main : Buffer.concat([main, rest]);
}

class QuotedPrintableDecoder implements TransferDecoder {
  /** An unfinished escape, or white space that may prove to end a line. */
  #held: Buffer = EMPTY;
  /** Whether the last piece ended inside a run of white space that is too long to be anything but content. */
  #isInLongBlank = false;

  write(chunk: Uint8Array): Buffer {
    return this.#decode(this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : asBuffer(chunk), false);
  }

  end(): Buffer {
    const held = this.#held;
    this.#held = EMPTY;
    return held.length === 0 ? EMPTY : this.#decode(held, true);
  }

  #decode(bytes: Buffer, isLast: boolean): Buffer {
    const out = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    let at = 0;
    let held = bytes.length;
    const end = bytes.length;
    if (this.#isInLongBlank) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) out[length++] = bytes[at++] as number;
      this.#isInLongBlank = at === end;
    }
    while (at < end) {
      const byte = bytes[at] as number;
      // Also a single blank inside a line: what follows is seen.
      if (byte !== EQUALS && ((byte !== SPACE && byte !== TAB) || (bytes[at + 1] as number) > SPACE)) {
        out[length++] = byte;
        at++;
        continue;
      }
      // White space at the end of a line was added on the way (RFC 2045 §6.7 rule 3); behind `=` too.
      const from = byte === EQUALS ? at + 1 : at;
      let blank = from;
      while (blank < end && (bytes[blank] === SPACE || bytes[blank] === TAB)) blank++;
      const isLong = blank - from >= LONG_BLANK;
      if (blank === end && !isLast && !isLong) {
        held = at;
        break;
      }
      const isLineEnd = isLong
        ? false
        : blank === end
          ? isLast
          : bytes[blank] === LF || (bytes[blank] === CR && (blank + 1 === end ? isLast : bytes[blank + 1] === LF));
      if (!isLong && !isLineEnd && blank < end && bytes[blank] === CR && blank + 1 === end && !isLast) {
        held = at;
        break;
      }
      if (byte !== EQUALS) {
        if (!isLineEnd) for (let i = at; i < blank; i++) out[length++] = bytes[i] as number;
        at = blank;
        this.#isInLongBlank = isLong && blank === end;
        continue;
      }
      if (isLineEnd) {
        at = blank >= end ? end : bytes[blank] === LF ? blank + 1 : Math.min(end, blank + 2);
        continue;
      }
      if (at + 2 >= end && !isLast) {
        held = at;
        break;
      }
      const value = hexAt(bytes, at + 1);
      if (value < 0) {
        out[length++] = EQUALS;
        at++;
      } else {
        out[length++] = value;
        at += 3;
      }
    }
    this.#held = held < end ? Buffer.from(bytes.subarray(held)) : EMPTY;
    return out.subarray(0, length);
  }
}

/** A run of white space of this length is content, wherever it stands: so that decoding in pieces need not hold more. */
const LONG_BLANK = 1024;

/** The Q encoding of encoded words: `_` is a space. RFC 2047 §4.2 */
export function decodeQ(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x5f) out[length++] = SPACE;
    else if (byte === EQUALS) {
      const value = hexAt(bytes, at + 1);
      if (value < 0) out[length++] = byte;
      else {
        out[length++] = value;
        at += 2;
      }
    } else out[length++] = byte;
  }
  return out.subarray(0, length);
}

/** The content between `begin` and `end` lines; without a `begin` line nothing. */
class UuDecoder implements TransferDecoder {
  #line: Buffer = EMPTY;
  #state: 'before' | 'inside' | 'after' = 'before';

  write(chunk: Uint8Array): Buffer {
    const bytes = this.#line.length > 0 ? Buffer.concat([this.#line, chunk]) : asBuffer(chunk);
    const out = Buffer.allocUnsafe(bytes.length + 4);
    let length = 0;
    let at = 0;
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, at)) {
      length = this.#decodeLine(bytes, at, lf > at && bytes[lf - 1] === CR ? lf - 1 : lf, out, length);
      at = lf + 1;
    }
    // Only the first 85 octets of a line can mean anything.
    this.#line = Buffer.from(bytes.subarray(at, at + UU_LINE_LIMIT));
    return out.subarray(0, length);
  }

  end(): Buffer {
    const out = Buffer.allocUnsafe(this.#line.length + 4);
    const length = this.#decodeLine(this.#line, 0, this.#line.length, out, 0);
    this.#line = EMPTY;
    return out.subarray(0, length);
  }

  #decodeLine(bytes: Buffer, start: number, end: number, out: Buffer, from: number): number {
    if (this.#state !== 'inside') {
      if (this.#state === 'before' && bytes.toString('latin1', start, Math.min(end, start + 6)) === 'begin ') this.#state = 'inside';
      return from;
    }
    if (end === start || bytes.toString('latin1', start, end) === 'end') {
      if (end > start) this.#state = 'after';
      return from;
    }
    const count = ((bytes[start] as number) - 32) & 63;
    let length = from;
    for (let at = start + 1, left = count; left > 0 && at < end; at += 4, left -= 3) {
      const bits = (uu(bytes, at, end) << 18) | (uu(bytes, at + 1, end) << 12) | (uu(bytes, at + 2, end) << 6) | uu(bytes, at + 3, end);
      out[length++] = bits >> 16;
      if (left > 1) out[length++] = (bits >> 8) & 0xff;
      if (left > 2) out[length++] = bits & 0xff;
    }
    return length;
  }
}

const UU_LINE_LIMIT = 256;

function uu(bytes: Buffer, at: number, end: number): number {
  return at < end ? ((bytes[at] as number) - 32) & 63 : 0;
}
