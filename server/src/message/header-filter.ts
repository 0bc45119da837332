/**
 * The fields of a header block by name: FETCH BODY[HEADER.FIELDS (...)] and .NOT, and the rows' listing fields.
 *
 * RFC 9051 §6.4.5.1: the result keeps the fields' order and octets and is ended by an empty line, also when no field was found.
 */
import { asBuffer } from '#core/bytes.ts';
import { octetsOf } from './octets.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const EMPTY_LINE = Buffer.from('\r\n');

/** A prepared filter: names are looked at once, then it is used for many messages. */
export interface HeaderFilter {
  /** Lower case. */
  readonly names: ReadonlySet<string>;
  /** Lengths of names that occur, so that most lines need no string. */
  readonly lengths: ReadonlySet<number>;
  /** `.NOT`: everything but these. Lines that are no field belong to no name and are kept. */
  readonly isNot: boolean;
}

/** A filter for these names (any case). */
export function headerFilter(names: readonly string[], isNot: boolean = false): HeaderFilter {
  const lower = names.map((name) => name.toLowerCase());
  return { names: new Set(lower), lengths: new Set(lower.map((name) => name.length)), isNot };
}

/** The wanted fields of a raw header block (up to its empty line or end), with an empty line behind them. */
export function filterHeader(bytes: Uint8Array, filter: HeaderFilter): Buffer {
  const header = asBuffer(bytes);
  const length = header.length;
  const kept: Buffer[] = [];
  let runStart = 0;
  // A folded line that has no field before it belongs to no name.
  let isWanted = filter.isNot;
  let at = 0;
  while (at < length) {
    const first = header[at];
    if (first === LF || (first === CR && header[at + 1] === LF)) break;
    // Folded lines share the fate of their field.
    if (first !== SPACE && first !== TAB) {
      const wanted = isNamed(header, at, filter) !== filter.isNot;
      if (wanted && !isWanted) runStart = at;
      else if (!wanted && isWanted && at > runStart) kept.push(header.subarray(runStart, at));
      isWanted = wanted;
    }
    const lf = header.indexOf(LF, at);
    at = lf < 0 ? length : lf + 1;
  }
  if (isWanted && at > runStart) {
    kept.push(header.subarray(runStart, at));
    // A header cut off inside a line: the line is ended before the empty one.
    if (header[at - 1] !== LF) kept.push(EMPTY_LINE);
  }
  kept.push(EMPTY_LINE);
  return kept.length === 1 ? EMPTY_LINE : Buffer.concat(kept);
}

function isNamed(header: Buffer, start: number, filter: HeaderFilter): boolean {
  let end = start;
  let byte = header[end];
  while (byte !== undefined && byte !== COLON && byte !== LF) byte = header[++end];
  if (byte !== COLON) return false;
  while (end > start && (header[end - 1] === SPACE || header[end - 1] === TAB)) end--;
  return filter.lengths.has(end - start) && filter.names.has(octetsOf(header, start, end).toLowerCase());
}
