/**
 * A header block and the index of its fields. Any bytes are taken: lines that are no field are kept in the raw block and ignored here.
 *
 * RFC 5322 §2.2, §3.6, §4.5 (obsolete: white space before the colon) · RFC 6532 §3
 *
 * Values are *octet strings*: JavaScript strings whose char codes are the octets (Latin-1). They keep every octet, are cheap to cut from a Buffer and to
 * write back, and are decoded only where somebody reads them.
 */
import { octetsOf, trimOctets } from './octets.ts';
import { addToHash, fieldId, fieldIdOf, fieldName, isListingField, UNKNOWN_FIELD } from './field-names.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
/** Numbers kept for each field: id, start of the name, its end, start of the value, end of the field's lines. */
const STRIDE = 5;

/** Fields that are indexed; what follows them stays in the raw block only. More than LISTED_HEADER_BYTES can hold. */
export const FIELD_LIMIT = 11_000;

export class Header {
  /** The block as it stands in the message, up to the limit that was kept, with the empty line that ends it where there is one. */
  readonly bytes: Buffer;
  /** Number of indexed fields. */
  readonly count: number;
  readonly #index: Int32Array;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const count = indexFields(bytes);
    this.count = count;
    this.#index = scratch.slice(0, count * STRIDE);
  }

  /** The known number of field `i`, or UNKNOWN_FIELD. */
  idAt(i: number): number {
    return this.#index[i * STRIDE] as number;
  }

  /** The name of field `i` in lower case. */
  nameAt(i: number): string {
    const at = i * STRIDE;
    const id = this.#index[at] as number;
    return id === UNKNOWN_FIELD ? octetsOf(this.bytes, this.#index[at + 1], this.#index[at + 2]).toLowerCase() : fieldName(id);
  }

  /** The value of field `i` as an octet string: unfolded, without white space around it. */
  valueAt(i: number): string {
    const at = i * STRIDE;
    return unfold(octetsOf(this.bytes, this.#index[at + 3], this.#index[at + 4]));
  }

  /** The lines of field `i`, line ends included. */
  rawAt(i: number): Buffer {
    const at = i * STRIDE;
    return this.bytes.subarray(this.#index[at + 1], this.#index[at + 4]);
  }

  /** The value of the first field of this name (lower case); undefined where there is none. */
  first(name: string): string | undefined {
    const i = this.#indexOf(name, 0);
    return i < 0 ? undefined : this.valueAt(i);
  }

  /** The values of all fields of this name (lower case), in their order. */
  all(name: string): readonly string[] {
    const values: string[] = [];
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i + 1)) values.push(this.valueAt(i));
    return values;
  }

  /** How many fields have this name (lower case). */
  countOf(name: string): number {
    let count = 0;
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i + 1)) count++;
    return count;
  }

  /** The raw lines of the fields in LISTING_FIELDS, at most `limitBytes`, each ended by CRLF. */
  listingFields(limitBytes: number): Buffer {
    const index = this.#index;
    const { bytes } = this;
    // Most messages have CRLF throughout: then the lines are copied in runs of neighbours.
    const runs: Buffer[] = [];
    let from = -1;
    let to = -1;
    let total = 0;
    for (let at = 0; at < index.length; at += STRIDE) {
      if (!isListingField(index[at] as number)) continue;
      const start = index[at + 1] as number;
      const end = index[at + 4] as number;
      if (total + (end - start) > limitBytes) continue;
      total += end - start;
      if (start !== to) {
        if (to > from) runs.push(bytes.subarray(from, to));
        from = start;
      }
      to = end;
    }
    if (to > from) runs.push(bytes.subarray(from, to));
    return withCrlf(Buffer.concat(runs));
  }

  #indexOf(name: string, from: number): number {
    const index = this.#index;
    const id = fieldId(name);
    for (let i = from, at = from * STRIDE; i < this.count; i++, at += STRIDE) {
      if (index[at] !== id) continue;
      if (id !== UNKNOWN_FIELD) return i;
      const start = index[at + 1] as number;
      const end = index[at + 2] as number;
      if (end - start === name.length && octetsOf(this.bytes, start, end).toLowerCase() === name) return i;
    }
    return -1;
  }
}

/** An octet string without line ends and without white space around it; the white space that begins a folded line stays. RFC 5322 §2.2.3 */
export function unfold(value: string): string {
  const first = value.indexOf('\n');
  if (first >= 0 && first < value.length - 1) return trimOctets(value.replace(LINE_ENDS, ''));
  if (first < 0 && value.indexOf('\r') < 0) return trimOctets(value);
  return trimOctets(value).replace(STRAY_CR, ' ');
}

const LINE_ENDS = /\r?\n|\r/g;
const STRAY_CR = /\r/g;

/** Bytes in which every LF has its CR before it and whose last line is ended; the same bytes where that is so already. */
export function withCrlf(bytes: Buffer): Buffer {
  let bare = bytes.length > 0 && bytes[bytes.length - 1] !== LF ? 1 : 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) if (at === 0 || bytes[at - 1] !== CR) bare++;
  if (bare === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length + bare + 1);
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === LF && (at === 0 || bytes[at - 1] !== CR)) out[to++] = CR;
    out[to++] = byte;
  }
  if (out[to - 1] !== LF) {
    if (out[to - 1] !== CR) out[to++] = CR;
    out[to++] = LF;
  }
  return out.subarray(0, to);
}

/** Where indexFields leaves its result: one header is indexed at a time, and the constructor copies what it found. */
const scratch = new Int32Array(FIELD_LIMIT * STRIDE);

/** Finds the fields of a block, up to an empty line or its end; returns their number. */
function indexFields(bytes: Buffer): number {
  const length = bytes.length;
  let count = 0;
  let at = 0;
  let open = -1;
  while (at < length) {
    const lineStart = at;
    const first = bytes[at] as number;
    if (first === SPACE || first === TAB) {
      // Belongs to the field before, where there is one.
      at = nextLine(bytes, at);
      if (open >= 0) scratch[open + 4] = at;
      continue;
    }
    if (first === LF || (first === CR && bytes[at + 1] === LF)) break;
    if (count === FIELD_LIMIT) break;
    open = -1;
    let hash = 0;
    let byte = first;
    // A name is visible ASCII; RFC 4.5 lets white space stand before the colon.
    while (byte > SPACE && byte !== COLON && byte < 0x7f) {
      hash = addToHash(hash, byte);
      byte = bytes[++at] as number;
    }
    const nameEnd = at;
    while (byte === SPACE || byte === TAB) byte = bytes[++at] as number;
    if (byte === COLON && nameEnd > lineStart) {
      open = count * STRIDE;
      scratch[open] = fieldIdOf(bytes, lineStart, nameEnd, hash);
      scratch[open + 1] = lineStart;
      scratch[open + 2] = nameEnd;
      scratch[open + 3] = at + 1;
      count++;
    }
    at = nextLine(bytes, at < length ? at : length - 1);
    if (open >= 0) scratch[open + 4] = at;
  }
  return count;
}

function nextLine(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(LF, from);
  return at < 0 ? bytes.length : at + 1;
}
