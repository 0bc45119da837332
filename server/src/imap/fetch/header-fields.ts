/**
 * HEADER.FIELDS and HEADER.FIELDS.NOT: the raw lines of some header fields and an empty line. The lines are found and copied straight into the output, without
 * a string or an object a field.
 *
 * RFC 9051 §6.4.5.1 · RFC 5322 §2.2, §4.5 (white space before the colon)
 */
import { asBuffer } from '#core/bytes.ts';
import { LISTING_FIELDS } from '#message/prepared.ts';
import type { Output } from './output.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const CRLF = Buffer.from('\r\n');

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

  /** Appends the chosen lines of the blocks (header bytes; an empty line ends a block) as one literal, cut to the range if there is one. */
  write(output: Output, blocks: readonly Uint8Array[], partial: { readonly offset: number; readonly length: number } | undefined): void {
    if (partial !== undefined || blocks.length > 2) {
      const whole = this.bytes(blocks);
      output.literal(partial === undefined ? whole : whole.subarray(partial.offset, partial.offset + partial.length));
      return;
    }
    const [first, second] = blocks;
    const prefix = first === undefined || second === undefined ? undefined : this.#copyOf(first);
    const last = second ?? first;
    const length = last === undefined ? 0 : this.#find(last);
    output.literalStart((prefix?.length ?? 0) + length + 2);
    if (prefix !== undefined) output.bytes(prefix);
    for (let i = 0; last !== undefined && i < this.#count; i += 2) output.bytes(last.subarray(this.#pairs[i], this.#pairs[i + 1]));
    output.bytes(CRLF);
  }

  /** The chosen lines with the empty line behind them. */
  bytes(blocks: readonly Uint8Array[]): Buffer {
    return Buffer.concat([...blocks.map((block) => this.#copyOf(block)), CRLF]);
  }

  #copyOf(block: Uint8Array): Uint8Array {
    const length = this.#find(block);
    if (this.#count === 0) return block.subarray(0, 0);
    if (this.#count === 2) return block.subarray(this.#pairs[0], this.#pairs[1]);
    const copy = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < this.#count; i += 2) {
      const lines = block.subarray(this.#pairs[i], this.#pairs[i + 1]);
      copy.set(lines, at);
      at += lines.length;
    }
    return copy;
  }

  /** Finds the lines; returns the sum of their lengths. */
  #find(block: Uint8Array): number {
    const bytes = asBuffer(block);
    const { length } = bytes;
    let total = 0;
    this.#count = 0;
    for (let at = 0; at < length; ) {
      const start = at;
      const first = bytes[at];
      if (first === LF || (first === CR && bytes[at + 1] === LF)) break;
      let end = at;
      for (let octet = first; octet !== undefined && octet !== COLON && octet > SPACE; octet = bytes[++end]);
      const nameLength = end - start;
      while (bytes[end] === SPACE || bytes[end] === TAB) end++;
      const isField = nameLength > 0 && bytes[end] === COLON;
      at = nextLine(bytes, isField ? end : at);
      // Lines that begin with white space belong to the field before them.
      while (at < length && (bytes[at] === SPACE || bytes[at] === TAB)) at = nextLine(bytes, at);
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

function nextLine(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(LF, from);
  return at < 0 ? bytes.length : at + 1;
}
