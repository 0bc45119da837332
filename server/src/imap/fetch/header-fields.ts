/**
 * HEADER.FIELDS and HEADER.FIELDS.NOT: the raw lines of some header fields and an empty line. The lines are found and copied straight into the output, without
 * a string or an object a field.
 *
 * RFC 9051 §6.4.5.1 · RFC 5322 §2.2, §4.5 (white space before the colon)
 */
import { asBuffer } from '#core/bytes.ts';
import { LISTING_FIELDS } from '#message/prepared.ts';
import type { Batch } from '../rows/batch.ts';
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
      this.writeBlocks(output, hasPrefix ? [prefix.at(index), fields.at(index)] : [fields.at(index)], partial);
      return;
    }
    const start = fields.starts[index] ?? 0;
    const length = this.#find(fields.textAt(index));
    output.literalStart(length + 2);
    for (let i = 0; i < this.#count; i += 2) output.range(fields.bytes, start + (this.#pairs[i] ?? 0), start + (this.#pairs[i + 1] ?? 0));
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
      this.#find(asBuffer(block).toString('latin1'));
      for (let i = 0; i < this.#count; i += 2) lines.push(block.subarray(this.#pairs[i], this.#pairs[i + 1]));
    }
    lines.push(CRLF);
    return Buffer.concat(lines);
  }

  /** Finds the lines in a header block, one character an octet; returns the sum of their lengths. */
  #find(text: string): number {
    const end = text.length;
    let total = 0;
    this.#count = 0;
    for (let at = 0; at < end; ) {
      const start = at;
      const first = text.charCodeAt(at);
      if (first === LF || (first === CR && text.charCodeAt(at + 1) === LF)) break;
      let nameEnd = at;
      for (let code = first; nameEnd < end && code !== COLON && code > SPACE; code = text.charCodeAt(++nameEnd));
      let colon = nameEnd;
      while (colon < end && isBlank(text.charCodeAt(colon))) colon++;
      const isField = nameEnd > start && colon < end && text.charCodeAt(colon) === COLON;
      at = nextLine(text, isField ? colon : at);
      // Lines that begin with white space belong to the field before them.
      while (at < end && isBlank(text.charCodeAt(at))) at = nextLine(text, at);
      if (!isField || this.#has(text, start, nameEnd - start) === this.#isNot) continue;
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

  #has(text: string, start: number, length: number): boolean {
    const names = this.#byLength[length];
    if (names === undefined) return false;
    for (const name of names) if (isNameAt(text, start, name)) return true;
    return false;
  }
}

function isNameAt(text: string, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = text.charCodeAt(start + i);
    if ((code >= 0x41 && code <= 0x5a ? code + 0x20 : code) !== name[i]) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function nextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at + 1;
}
