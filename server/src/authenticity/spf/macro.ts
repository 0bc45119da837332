/**
 * SPF macro strings: checked when a record is read, expanded when a term is evaluated.
 *
 * RFC 7208 §7 · RFC 8616 §4 (local parts beyond ASCII match nothing)
 */

/** A piece of a macro string. */
export type Piece = string | Macro;

export interface Macro {
  /** Lower case. */
  readonly letter: string;
  /** How many of the rightmost parts stay; Infinity: all. */
  readonly parts: number;
  readonly isReversed: boolean;
  /** Undefined: the dot alone. */
  readonly delimiters: string | undefined;
  /** Written with a capital letter. */
  readonly isEscaped: boolean;
}

/** The letters' values; undefined where one cannot be expressed, and then the term matches nothing. `p` costs questions, hence the promise. */
export type MacroValues = (letter: string) => string | undefined | Promise<string | undefined>;

const LITERAL = /[\x21-\x24\x26-\x7e]+/y;
const LITERAL_OR_SPACE = /[\x20-\x24\x26-\x7e]+/y;
const MACRO = /%(?:([%_-])|\{([slodiphcrtv])(\d*)(r?)([-.+,/_=]*)\})/iy;
const ONLY_IN_EXPLANATIONS = /[crt]/;
const ESCAPES: Readonly<Record<string, string>> = { '%': '%', _: ' ', '-': '%20' };
const DOMAIN_END = /\.(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?$/i;
const LONGEST_NAME = 253;
const LONGEST_EXPLANATION = 512;

/** The pieces of a macro string; undefined where it is none. */
export function parseMacroString(text: string, kind: 'term' | 'explanation'): readonly Piece[] | undefined {
  return scan(text, kind)?.pieces;
}

/** The pieces of a domain-spec: a macro string that ends in a macro or a dot and a top label. */
export function parseDomainSpec(text: string): readonly Piece[] | undefined {
  const scanned = scan(text, 'term');
  const last = scanned?.pieces.at(-1);
  if (!scanned || last === undefined) return undefined;
  return scanned.endsInMacro || (typeof last === 'string' && DOMAIN_END.test(last)) ? scanned.pieces : undefined;
}

/**
 * The name to ask for: at most 253 octets, without the final dot; too long ones lose labels on the left. Expanded from the right, and only as far as it is
 * needed, so that no record makes long work. Undefined where it has a part that cannot be expressed.
 */
export async function expandName(pieces: readonly Piece[], values: MacroValues): Promise<string | undefined> {
  let name = '';
  for (let index = pieces.length - 1; index >= 0 && name.length <= LONGEST_NAME + 1; index--) {
    const text = await expandPiece(pieces[index] as Piece, values);
    if (text === undefined) return undefined;
    name = text + name;
  }
  if (name.endsWith('.')) name = name.slice(0, -1);
  if (name.length <= LONGEST_NAME) return name;
  const dot = name.indexOf('.', name.length - LONGEST_NAME - 1);
  return dot < 0 ? undefined : name.slice(dot + 1);
}

/** The text for people, cut where it gets long; undefined where it is not printable ASCII. */
export async function expandExplanation(pieces: readonly Piece[], values: MacroValues): Promise<string | undefined> {
  let text = '';
  for (const piece of pieces) {
    const more = await expandPiece(piece, values);
    if (more === undefined) return undefined;
    text += more;
    if (text.length > LONGEST_EXPLANATION) break;
  }
  return /^[\x20-\x7e]*$/.test(text) ? text.slice(0, LONGEST_EXPLANATION) : undefined;
}

interface Scanned {
  readonly pieces: readonly Piece[];
  /** By the grammar %%, %_ and %- are macros too. */
  readonly endsInMacro: boolean;
}

function scan(text: string, kind: 'term' | 'explanation'): Scanned | undefined {
  const literals = kind === 'term' ? LITERAL : LITERAL_OR_SPACE;
  const pieces: Piece[] = [];
  let isMacro = false;
  for (let at = 0; at < text.length; ) {
    isMacro = text.charCodeAt(at) === 0x25;
    const pattern = isMacro ? MACRO : literals;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) return undefined;
    at = pattern.lastIndex;
    const piece = isMacro ? readMacro(match, kind) : match[0];
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  return { pieces, endsInMacro: isMacro };
}

function readMacro(match: RegExpExecArray, kind: 'term' | 'explanation'): Piece | undefined {
  const [, escape, letter = '', digits = '', reversed = '', delimiters = ''] = match;
  if (escape !== undefined) return ESCAPES[escape];
  const lower = letter.toLowerCase();
  const parts = digits === '' ? Infinity : Number(digits);
  if (parts === 0 || (kind === 'term' && ONLY_IN_EXPLANATIONS.test(lower))) return undefined;
  return { letter: lower, parts, isReversed: reversed !== '', delimiters: delimiters === '' ? undefined : delimiters, isEscaped: letter !== lower };
}

async function expandPiece(piece: Piece, values: MacroValues): Promise<string | undefined> {
  if (typeof piece === 'string') return piece;
  const value = await values(piece.letter);
  if (value === undefined) return undefined;
  const text = transform(value, piece);
  return piece.isEscaped ? escapeForUri(text) : text;
}

function transform(value: string, { parts, isReversed, delimiters }: Macro): string {
  if (parts === Infinity && !isReversed && delimiters === undefined) return value;
  const split: string[] = [];
  let start = 0;
  for (let at = 0; at < value.length; at++) {
    if (!(delimiters ?? '.').includes(value.charAt(at))) continue;
    split.push(value.slice(start, at));
    start = at + 1;
  }
  split.push(value.slice(start));
  if (isReversed) split.reverse();
  return (parts < split.length ? split.slice(-parts) : split).join('.');
}

/** All but RFC 3986's unreserved characters; the value is ASCII. */
function escapeForUri(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
