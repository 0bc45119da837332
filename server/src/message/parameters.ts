/**
 * Content-Type, Content-Disposition and their parameters, read as leniently as mail is written.
 *
 * RFC 2045 §5.1 · RFC 2183 §2 · RFC 2231 §3 (continuations), §4 (charset and language), §8 (IMAP servers join continuations)
 */
import { isWhite, trimOctets } from './octets.ts';

/**
 * A parameter after continuations were joined. `name` is lower case, and ends in `*` where the value is in the form `charset'language'percent-encoded`; the
 * value is an octet string, unquoted. `decodeParameter` makes text of it.
 */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** A word and its parameters: `attachment; filename=x`. */
export interface ValueWithParameters {
  /** Lower case. */
  readonly value: string;
  readonly parameters: readonly Parameter[];
}

const PARAMETER_LIMIT = 64;
/** Octets of all names and values together. */
const PARAMETERS_BYTES = 8192;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x28;

/** Reads `value *(; name=value)` from an unfolded octet string. Never throws; what cannot be read is left out. */
export function parseValueWithParameters(text: string): ValueWithParameters {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) !== SEMICOLON && text.charCodeAt(at) !== OPEN) at++;
  const value = trimOctets(text.slice(0, at)).toLowerCase();
  return { value, parameters: at < text.length ? parseParameters(text, at) : NONE };
}

const NONE: readonly Parameter[] = [];

/** The value of a parameter by its name (lower case, without `*`), with its raw form: an extended one (`name*`) wins. RFC 2231 */
export function findParameter(parameters: readonly Parameter[], name: string): Parameter | undefined {
  let plain: Parameter | undefined;
  for (const parameter of parameters) {
    if (parameter.name === name) plain ??= parameter;
    else if (parameter.name.length === name.length + 1 && parameter.name.endsWith('*') && parameter.name.startsWith(name)) return parameter;
  }
  return plain;
}

function parseParameters(text: string, from: number): readonly Parameter[] {
  const raw: Parameter[] = [];
  let isExtended = false;
  let at = from;
  let room = PARAMETERS_BYTES;
  const length = text.length;
  while (at < length && raw.length < PARAMETER_LIMIT) {
    const separator = text.charCodeAt(at);
    if (separator === SEMICOLON || isWhite(separator)) {
      at++;
      continue;
    }
    if (separator === OPEN) {
      at = skipComment(text, at);
      continue;
    }
    const nameStart = at;
    let code = separator;
    while (at < length && code !== EQUALS && code !== SEMICOLON) code = text.charCodeAt(++at);
    if (code !== EQUALS || at >= length) continue;
    const name = trimOctets(text.slice(nameStart, at)).toLowerCase();
    at++;
    while (at < length && isWhite(text.charCodeAt(at))) at++;
    let value: string;
    if (text.charCodeAt(at) === QUOTE) {
      const end = endOfQuoted(text, at);
      value = unquote(text, at + 1, end);
      at = end + 1;
    } else {
      const start = at;
      while (at < length && text.charCodeAt(at) !== SEMICOLON) at++;
      value = withoutComment(text.slice(start, at));
    }
    room -= name.length + value.length;
    if (room < 0) break;
    if (name === '') continue;
    if (name.indexOf('*') >= 0) isExtended = true;
    raw.push({ name, value });
  }
  return isExtended ? joinContinuations(raw) : raw;
}

/** Position of the quote that ends a quoted string begun at `start`, or the text's length. */
export function endOfQuoted(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    // Counting the backslashes back to the last stop keeps this linear.
    let slashes = 0;
    while (quote - slashes > at && text.charCodeAt(quote - slashes - 1) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** The content of a quoted string between two positions: quoted pairs resolved, line ends gone. */
export function unquote(text: string, start: number, end: number): string {
  const content = text.slice(start, end);
  return UNQUOTE.test(content) ? content.replace(QUOTED_PAIRS, '$1') : content;
}

const UNQUOTE = /[\\\r\n]/;
const QUOTED_PAIRS = /\\([^])|[\r\n]/g;

function withoutComment(token: string): string {
  const trimmed = trimOctets(token);
  const open = trimmed.indexOf('(');
  return open > 0 && isWhite(trimmed.charCodeAt(open - 1)) && trimmed.endsWith(')') ? trimOctets(trimmed.slice(0, open)) : trimmed;
}

/** Position behind a comment; comments nest. */
export function skipComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === OPEN) depth++;
    else if (code === 0x29 && --depth === 0) return at + 1;
  }
  return text.length;
}

const CONTINUED = /^([^*]+)\*(\d{1,3})(\*?)$/;

interface Segment {
  readonly index: number;
  readonly isEncoded: boolean;
  readonly value: string;
}

/** Joins `name*0`, `name*1*`, ... in the order of their numbers up to the first gap. RFC 2231 §3, §4.1 */
function joinContinuations(raw: readonly Parameter[]): readonly Parameter[] {
  const joined: Parameter[] = [];
  const segments = new Map<string, Segment[]>();
  for (const parameter of raw) {
    const match = CONTINUED.exec(parameter.name);
    if (match === null) {
      joined.push(parameter);
      continue;
    }
    const segment = { index: Number(match[2]), isEncoded: match[3] === '*', value: parameter.value };
    const list = segments.get(match[1] as string);
    if (list === undefined) segments.set(match[1] as string, [segment]);
    else list.push(segment);
  }
  for (const [name, list] of segments) {
    list.sort((a, b) => a.index - b.index);
    // Numbers begin at 0; some programs begin at 1.
    const first = (list[0] as Segment).index;
    const run = list.filter((segment, i) => segment.index === first + i);
    const isEncoded = run.some((segment) => segment.isEncoded);
    const value = run.map((segment) => (isEncoded && !segment.isEncoded ? percentEncode(segment.value) : segment.value)).join('');
    // An encoded value names its charset in its first segment; where that one is plain, an empty charset stands for it.
    const needsCharset = isEncoded && !(run[0] as Segment).isEncoded;
    joined.push({ name: isEncoded ? `${name}*` : name, value: needsCharset ? `''${value}` : value });
  }
  return joined;
}

function percentEncode(text: string): string {
  return text.replace(/[^A-Za-z0-9!#$&+.^_`{}~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
