/**
 * Lists of tags, `v=1; a=rsa-sha256; …`: the form of signatures and of key records.
 *
 * RFC 6376 §3.2 · RFC 6532 §3.1 (values may hold UTF-8)
 */

/** A tag's value as it stands, without the white space around it, and where it stands with that white space. */
export interface Tag {
  readonly value: string;
  /** Positions in the text: just behind the `=`, and of the `;` or the end. */
  readonly start: number;
  readonly end: number;
}

export type TagList = ReadonlyMap<string, Tag>;

/** The tags in their order; undefined where the text is no such list, or has a tag twice (§3.2: the whole list is then invalid). Any octet string is taken. */
export function parseTagList(text: string): TagList | undefined {
  const tags = new Map<string, Tag>();
  for (let at = 0; at < text.length; ) {
    const semicolon = text.indexOf(';', at);
    const end = semicolon < 0 ? text.length : semicolon;
    const equals = text.indexOf('=', at);
    if (equals < 0 || equals >= end) {
      // Nothing may follow the last semicolon, and nothing else may be empty.
      return semicolon < 0 && tags.size > 0 && isBlank(text, at, end) ? tags : undefined;
    }
    const name = trimFolding(text.slice(at, equals));
    if (!NAME.test(name) || tags.has(name)) return undefined;
    tags.set(name, { value: trimFolding(text.slice(equals + 1, end)), start: equals + 1, end });
    at = end + 1;
  }
  return tags.size > 0 ? tags : undefined;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Without any white space, as base64 and numbers may be folded anywhere. §2.8 (FWS) */
export function withoutFolding(value: string): string {
  return FOLDING.test(value) ? value.replace(ALL_FOLDING, '') : value;
}

/** The parts of a list in a value, without white space around them. */
export function splitList(value: string, separator: ':' | ',' = ':'): readonly string[] {
  return value.split(separator).map(trimFolding);
}

const FOLDING = /[ \t\r\n]/;
const ALL_FOLDING = /[ \t\r\n]+/g;
/** Padded where padding belongs; what Buffer would skip silently is no base64. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The octets that a base64 value stands for, folded or not; undefined where it is none. §2.10 */
export function parseBase64(value: string): Buffer | undefined {
  const text = withoutFolding(value);
  return BASE64.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined;
}

/** An unsigned number of at most `digits` digits; undefined where it is none. */
export function parseNumber(value: string, digits: number): number | undefined {
  return value.length <= digits && /^[0-9]+$/.test(value) ? Number(value) : undefined;
}

/** Cuts off space, TAB, CR and LF; nothing else is white space here. */
export function trimFolding(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isFolding(text.charCodeAt(start))) start++;
  while (end > start && isFolding(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isFolding(text.charCodeAt(at))) return false;
  return true;
}

function isFolding(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}
