/**
 * Header fields in canonical form, as they go into the hash of a signature, and the choice of the fields that a signature names.
 *
 * RFC 6376 §3.4.1, §3.4.2, §5.4.2 (which of several fields of one name)
 */
import type { Header } from '#message/header.ts';
import { octetsOf } from '#message/octets.ts';

export type Canonicalization = 'simple' | 'relaxed';

/** The fields of one header, found by name and canonicalized once for all signatures. */
export class SignableFields {
  readonly #header: Header;
  /** Numbers of the fields of a name (lower case), in the header's order. */
  readonly #byName: ReadonlyMap<string, readonly number[]>;
  readonly #relaxed: Array<string | undefined> = [];

  constructor(header: Header) {
    this.#header = header;
    const byName = new Map<string, number[]>();
    for (let i = 0; i < header.count; i++) {
      const name = header.nameAt(i);
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [i]);
      else same.push(i);
    }
    this.#byName = byName;
  }

  /** The names of all fields, lower case. */
  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** The numbers of the fields of this name (lower case), the topmost first. */
  numbersOf(name: string): readonly number[] {
    return this.#byName.get(name) ?? NONE;
  }

  /** Field `i` as it stands, an octet string with its line ends. */
  raw(i: number): string {
    return octetsOf(this.#header.rawAt(i));
  }

  /** Field `i` in canonical form, ended by CRLF. */
  canonical(i: number, canonicalization: Canonicalization): string {
    if (canonicalization === 'simple') return withLineEnd(this.raw(i));
    return (this.#relaxed[i] ??= relaxField(this.raw(i)));
  }

  /** The fields that `names` (lower case, in the order of `h=`) stand for, one behind the other: of equal names the lowest in the header first; nothing for those that are not there. */
  select(names: readonly string[], canonicalization: Canonicalization): string {
    const used = new Map<string, number>();
    let selected = '';
    for (const name of names) {
      const numbers = this.#byName.get(name);
      if (numbers === undefined) continue;
      const count = used.get(name) ?? 0;
      const i = numbers[numbers.length - 1 - count];
      if (i === undefined) continue;
      used.set(name, count + 1);
      selected += this.canonical(i, canonicalization);
    }
    return selected;
  }
}

const NONE: readonly number[] = [];

/** A field's lines in relaxed form: one line, its name in lower case, runs of white space one space. §3.4.2 */
export function relaxField(raw: string): string {
  const colon = raw.indexOf(':');
  const name = trimBlanks(raw.slice(0, colon)).toLowerCase();
  return `${name}:${trimBlanks(relaxBlanks(raw.slice(colon + 1)))}\r\n`;
}

/** Unfolds, and makes one space of each run of spaces and TABs. */
function relaxBlanks(value: string): string {
  const end = value.endsWith('\r\n') ? value.length - 2 : value.endsWith('\n') ? value.length - 1 : value.length;
  const line = value.slice(0, end);
  const unfolded = line.includes('\n') ? line.replace(LINE_END, '') : line;
  return WIDE_BLANK.test(unfolded) ? unfolded.replace(BLANKS, ' ') : unfolded;
}

const LINE_END = /\r?\n/g;
const WIDE_BLANK = /\t| {2}/;
const BLANKS = /[ \t]+/g;

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function withLineEnd(field: string): string {
  return field.endsWith('\n') ? field : `${field}\r\n`;
}

/** A canonical field without its last CRLF, as the signature's own field is hashed. §3.7 */
export function withoutLineEnd(field: string): string {
  return field.endsWith('\r\n') ? field.slice(0, -2) : field.endsWith('\n') ? field.slice(0, -1) : field;
}
