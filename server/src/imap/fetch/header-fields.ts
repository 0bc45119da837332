/**
 * HEADER.FIELDS and HEADER.FIELDS.NOT: the raw lines of some header fields and an empty line. The lines are found and copied straight into the output, without
 * a string or an object a field.
 *
 * RFC 9051 §6.4.5.1 · RFC 5322 §2.2, §4.5 (white space before the colon)
 */
import { asBuffer } from '#core/bytes.ts';
import { LISTING_FIELDS } from '#message/prepared.ts';
import { type Batch, octetsAt } from '../rows/batch.ts';
import type { Output } from './output.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const CRLF = Buffer.from('\r\n');

type Partial = { readonly offset: number; readonly length: number } | undefined;

/** Which fields to send. */
export class FieldFilter {
  /** Whether everything asked for is among the fields kept in the message row. */
  readonly isListing: boolean;
  readonly #isNot: boolean;
  /** Names in lower case by their length. */
  readonly #byLength: (Uint8Array[] | undefined)[] = [];
  /** Pairs of positions: the lines to copy from the current block. */
  #pairs = new Int32Array(64);
  #count = 0;

  constructor(names: readonly string[], isNot: boolean) {
    this.#isNot = isNot;
    this.isListing = !isNot && names.every((name) => LISTING_FIELDS.has(name.toLowerCase()));
    for (const name of new Set(names.map((each) => each.toLowerCase()))) (this.#byLength[name.length] ??= []).push(Buffer.from(name, 'utf8'));
  }

  /** Appends the fields of a row, prefix first, as one literal, cut to the range if there is one. */
  write(output: Output, { prefix, fields }: Batch, index: number, partial: Partial): void {
    const hasPrefix = (prefix.starts[index + 1] ?? 0) > (prefix.starts[index] ?? 0);
    if (hasPrefix || partial !== undefined) {
      this.writeBlocks(output, hasPrefix ? [octetsAt(prefix, index), octetsAt(fields, index)] : [octetsAt(fields, index)], partial);
      return;
    }
    const start = fields.starts[index] ?? 0;
    const length = this.#find(fields.bytes, start, fields.starts[index + 1] ?? start);
    output.literalStart(length + 2);
    for (let i = 0; i < this.#count; i += 2) output.range(fields.bytes, this.#pairs[i] ?? 0, this.#pairs[i + 1] ?? 0);
    output.bytes(CRLF);
  }

  /** The same for header blocks (an empty line ends a block). */
  writeBlocks(output: Output, blocks: readonly Uint8Array[], partial: Partial): void {
    const whole = this.bytes(blocks);
    output.literal(partial === undefined ? whole : whole.subarray(partial.offset, partial.offset + partial.length));
  }

  /** The chosen lines with the empty line behind them. */
  bytes(blocks: readonly Uint8Array[]): Buffer {
    const lines: Uint8Array[] = [];
    for (const block of blocks) {
      this.#find(asBuffer(block), 0, block.length);
      for (let i = 0; i < this.#count; i += 2) lines.push(block.subarray(this.#pairs[i], this.#pairs[i + 1]));
    }
    lines.push(CRLF);
    return Buffer.concat(lines);
  }

  /** Finds the lines in octets [from, length); returns the sum of their lengths. */
  #find(bytes: Buffer, from: number, length: number): number {
    let total = 0;
    this.#count = 0;
    for (let at = from; at < length; ) {
      const start = at;
      const first = bytes[at];
      if (first === LF || (first === CR && bytes[at + 1] === LF)) break;
      let end = at;
      for (let octet = first; end < length && octet !== undefined && octet !== COLON && octet > SPACE; octet = bytes[++end]);
      const nameLength = end - start;
      while (end < length && (bytes[end] === SPACE || bytes[end] === TAB)) end++;
      const isField = nameLength > 0 && end < length && bytes[end] === COLON;
      at = nextLine(bytes, isField ? end : at, length);
      // Lines that begin with white space belong to the field before them.
      while (at < length && (bytes[at] === SPACE || bytes[at] === TAB)) at = nextLine(bytes, at, length);
      if (!isField || this.#has(bytes, start, nameLength) === this.#isNot) continue;
      total += at - start;
      this.#add(start, at);
    }
    return total;
  }

  #add(start: number, end: number): void {
    const pairs = this.#pairs;
    if (this.#count > 0 && pairs[this.#count - 1] === start) {
      pairs[this.#count - 1] = end;
      return;
    }
    if (this.#count === pairs.length) {
      this.#pairs = new Int32Array(pairs.length * 2);
      this.#pairs.set(pairs);
    }
    this.#pairs[this.#count++] = start;
    this.#pairs[this.#count++] = end;
  }

  #has(bytes: Uint8Array, start: number, length: number): boolean {
    const names = this.#byLength[length];
    if (names === undefined) return false;
    return names.some((name) => {
      for (let i = 0; i < length; i++) {
        const octet = bytes[start + i] ?? 0;
        if ((octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet) !== name[i]) return false;
      }
      return true;
    });
  }
}

/** A loop beats the native search for lines of usual length. */
function nextLine(bytes: Buffer, from: number, length: number): number {
  let at = from;
  while (at < length && bytes[at] !== LF) at++;
  return at < length ? at + 1 : length;
}
