/**
 * Canonical bodies, hashed while they stream through: each canonicalization is made once, and each length of it (`l=`) is hashed once, for however many
 * signatures.
 *
 * RFC 6376 §3.4.3 (simple), §3.4.4 (relaxed), §3.4.5 (`l=`), §3.7
 *
 * Only CRLF ends a line. What is not white space at a line's end passes straight from the chunk into the hash; the octets are looked at one by one only where
 * white space must change, and at the ends of chunks.
 */
import { createHash, type Hash } from 'node:crypto';
import { asBuffer, CR, LF } from '#core/bytes.ts';
import type { Canonicalization } from './canonical-header.ts';

const SPACE = 0x20;
const TAB = 0x09;
/** Chunks are looked at in slices of this size, so that one TAB makes only its surroundings slow. */
const SLICE = 8 * 1024;
/** Canonical octets on their way into the hashes; every call leaves it empty, so all bodies of a thread share it. */
const out = Buffer.allocUnsafe(SLICE);
/** Line ends that were held back are written from here. */
const LINE_ENDS = Buffer.from('\r\n'.repeat(2048));

/** SHA-256 of the first octets of a canonical body. */
export class BodyDigest {
  readonly #hash: Hash = createHash('sha256');
  readonly #limit: number;
  #left: number;
  #digest: Buffer | undefined;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  update(bytes: Buffer): void {
    if (this.#left <= 0) return;
    this.#hash.update(bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes);
    this.#left -= bytes.length;
  }

  /** After the canonicalizer's finish. */
  digest(): Buffer {
    return (this.#digest ??= this.#hash.digest());
  }
}

/** One canonicalization of one body. */
export class CanonicalBody {
  readonly #isRelaxed: boolean;
  readonly #digests: BodyDigest[] = [];
  #written = 0;
  /** Canonical octets so far. */
  #length = 0;
  /** A run of white space has come, and what follows decides whether it is a space or nothing. */
  #hasBlank = false;
  /** A CR has come, and what follows decides whether it ends a line. */
  #hasCr = false;
  /** Line ends held back: they count only if something follows. */
  #lineEnds = 0;

  constructor(canonicalization: Canonicalization) {
    this.#isRelaxed = canonicalization === 'relaxed';
  }

  /** The digest of the first `limit` octets (Infinity: of all); the same for the same limit. Before the first octet. */
  digestOf(limit: number): BodyDigest {
    const known = this.#digests.find((digest) => digest.limit === limit);
    if (known !== undefined) return known;
    const digest = new BodyDigest(limit);
    this.#digests.push(digest);
    return digest;
  }

  /** Canonical octets, all of them after `finish`. */
  get length(): number {
    return this.#length;
  }

  update(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    for (let at = 0; at < bytes.length; at += SLICE) this.#slice(bytes, at, Math.min(at + SLICE, bytes.length));
    this.#flush();
  }

  /** The body's end. §3.4.3: an empty body is one line end for simple; §3.4.4: nothing for relaxed; a last line without its end gets one. */
  finish(): void {
    if (this.#hasCr) this.#octet(CR);
    this.#flush();
    // White space that is held back stands at the end of a line, and line ends at the end of the body.
    if (this.#length > 0 || !this.#isRelaxed) this.#write(LINE_ENDS, 0, 2);
  }

  #slice(bytes: Buffer, start: number, end: number): void {
    let at = start;
    // What was held back is decided by the next octets that are neither white space nor a line's end.
    if (this.#hasBlank || this.#hasCr || this.#lineEnds > 0) {
      while (at < end && isSpacing(bytes[at] as number)) at++;
      at = Math.min(at + 1, end);
      this.#step(bytes, start, at);
    }
    let tail = end;
    while (tail > at && isSpacing(bytes[tail - 1] as number)) tail--;
    if (tail > at) {
      if (this.#isRelaxed && changesWhenRelaxed(bytes, at, tail)) this.#relax(bytes, at, tail);
      else this.#write(bytes, at, tail);
    }
    this.#step(bytes, tail, end);
  }

  /** The whole automaton, octet by octet. A CR that ends no line is an octet like any other. */
  #step(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (this.#hasCr) {
        this.#hasCr = false;
        if (byte === LF) {
          this.#hasBlank = false;
          this.#lineEnds++;
          continue;
        }
        this.#octet(CR);
      }
      if (byte === CR) this.#hasCr = true;
      else if (this.#isRelaxed && (byte === SPACE || byte === TAB)) this.#hasBlank = true;
      else this.#octet(byte);
    }
  }

  /** Octets that neither begin nor end with white space or a line end, nothing held back: the automaton without its memory. */
  #relax(bytes: Buffer, start: number, end: number): void {
    this.#flush();
    let to = 0;
    for (let at = start; at < end; ) {
      const byte = bytes[at] as number;
      if (byte !== SPACE && byte !== TAB) {
        out[to++] = byte;
        at++;
        continue;
      }
      do at++;
      while (bytes[at] === SPACE || bytes[at] === TAB);
      if (bytes[at] !== CR || bytes[at + 1] !== LF) out[to++] = SPACE;
    }
    this.#written = to;
  }

  /** An octet of a line, with what was held back before it. */
  #octet(byte: number): void {
    if (this.#lineEnds > 0) this.#releaseLineEnds();
    if (this.#hasBlank) {
      this.#hasBlank = false;
      this.#put(SPACE);
    }
    this.#put(byte);
  }

  #releaseLineEnds(): void {
    let octets = this.#lineEnds * 2;
    this.#lineEnds = 0;
    for (; octets > 0; octets -= LINE_ENDS.length) this.#write(LINE_ENDS, 0, Math.min(octets, LINE_ENDS.length));
  }

  #put(byte: number): void {
    if (this.#written === SLICE) this.#flush();
    out[this.#written++] = byte;
  }

  #write(bytes: Buffer, start: number, end: number): void {
    this.#flush();
    this.#length += end - start;
    const part = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    for (const digest of this.#digests) digest.update(part);
  }

  #flush(): void {
    if (this.#written === 0) return;
    const part = out.subarray(0, this.#written);
    this.#length += this.#written;
    this.#written = 0;
    for (const digest of this.#digests) digest.update(part);
  }
}

function isSpacing(byte: number): boolean {
  return byte === SPACE || byte === CR || byte === LF || byte === TAB;
}

/** Whether relaxing a part of a body, which neither begins nor ends with white space, changes it. May say so wrongly, never the opposite. */
function changesWhenRelaxed(bytes: Buffer, start: number, end: number): boolean {
  // One look by a regular expression over a string costs half of three searches in the bytes.
  return CHANGES.test(bytes.toString('latin1', start, end));
}

const CHANGES = /\t| [ \r]/;
