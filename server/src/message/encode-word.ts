/**
 * Texts in the headers that we write: encoded words where ASCII does not do, and lines folded at 76 characters.
 *
 * RFC 5322 §2.1.1, §2.2.3 · RFC 2047 §2, §5 · RFC 2231 §3, §4
 */

/** RFC 2047 §2 allows 75 characters a word and 76 a line; shorter words find room behind the name of their field. */
const WORD_LIMIT = 63;
const LINE_LIMIT = 76;
const PREFIX_B = '=?UTF-8?B?';
const PREFIX_Q = '=?UTF-8?Q?';

/** Printable ASCII and spaces only, and nothing that could be taken for an encoded word. */
const PLAIN = /^[ -~]*$/;
/** What may stand as it is in a Q word, also inside a phrase (RFC 2047 §5 (3)). */
const Q_SAFE = /^[A-Za-z0-9!*+/-]$/;

/** A text as it goes into an unstructured field: ASCII, encoded where needed, words apart by single spaces. Control characters become spaces. */
export function encodeText(text: string): string {
  const clean = withoutControls(text);
  return PLAIN.test(clean) && !clean.includes('=?') && !hasLongWord(clean) ? clean : encodeWords(clean);
}

/** A display name: atoms, a quoted string, or encoded words. RFC 5322 §3.2.5 */
export function encodePhrase(text: string): string {
  const clean = withoutControls(text).trim();
  if (!PLAIN.test(clean) || clean.includes('=?') || hasLongWord(clean)) return encodeWords(clean);
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*$/.test(clean) && !clean.includes('  ') ? clean : `"${clean.replace(/["\\]/g, '\\$&')}"`;
}

/** `name: value` folded at white space where a line would be longer than 76 characters, ended by CRLF. `value` is what stands in the field. */
export function foldField(name: string, value: string): string {
  const line = `${name}: ${value}`;
  if (line.length <= LINE_LIMIT) return `${line.trimEnd()}\r\n`;
  let out = '';
  let current = `${name}:`;
  for (const [index, word] of value.split(' ').entries()) {
    // An empty word is a second space: it must not be left alone on a line.
    if (index > 0 && word !== '' && current.length + 1 + word.length > LINE_LIMIT && !/[: ]$/.test(current)) {
      out += `${current}\r\n`;
      current = ` ${word}`;
    } else current += ` ${word}`;
  }
  return `${out}${current.trimEnd()}\r\n`;
}

/** Text as encoded words, each holding whole characters. Q or B, whichever is shorter. */
function encodeWords(text: string): string {
  const chars = Array.from(text);
  const escaped = chars.map(escapeQ);
  const isQ = escaped.reduce((sum, part) => sum + part.length, 0) <= Math.ceil(Buffer.byteLength(text) / 3) * 4;
  const room = WORD_LIMIT - PREFIX_Q.length - 2;
  const words: string[] = [];
  let piece = '';
  let size = 0;
  for (const [i, char] of chars.entries()) {
    const added = isQ ? (escaped[i] as string).length : Buffer.byteLength(char);
    const isFull = isQ ? size + added > room : Math.ceil((size + added) / 3) * 4 > room;
    if (isFull) {
      words.push(wordOf(piece, isQ));
      piece = '';
      size = 0;
    }
    piece += isQ ? (escaped[i] as string) : char;
    size += added;
  }
  if (piece !== '') words.push(wordOf(piece, isQ));
  return words.join(' ');
}

function wordOf(piece: string, isQ: boolean): string {
  return isQ ? `${PREFIX_Q}${piece}?=` : `${PREFIX_B}${Buffer.from(piece, 'utf8').toString('base64')}?=`;
}

function escapeQ(char: string): string {
  if (char === ' ') return '_';
  if (Q_SAFE.test(char)) return char;
  let out = '';
  for (const byte of Buffer.from(char, 'utf8')) out += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return out;
}

/** A word that folding could not keep within 998 characters. */
function hasLongWord(text: string): boolean {
  return text.length > 900 && text.split(' ').some((word) => word.length > 900);
}

function withoutControls(text: string): string {
  return text.toWellFormed().replace(CONTROLS, ' ');
}

const CONTROLS = /\p{Cc}+/gu;

/** `; name=value` pieces of a parameter, to be joined to a field: a token, a quoted string, or RFC 2231 with continuations. */
export function encodeParameter(name: string, value: string): readonly string[] {
  const clean = withoutControls(value);
  if (PLAIN.test(clean) && clean.length <= 60) {
    return [/^[A-Za-z0-9!#$&+.^_`{|}~-]+$/.test(clean) ? `${name}=${clean}` : `${name}="${clean.replace(/["\\]/g, '\\$&')}"`];
  }
  let encoded = '';
  for (const byte of Buffer.from(clean, 'utf8')) {
    const char = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9.^_~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (encoded.length <= 60) return [`${name}*=utf-8''${encoded}`];
  // Cut so that no escape is torn.
  const pieces = encoded.match(/(?:%..|[^%]){1,18}/g) ?? [];
  return pieces.map((piece, i) => `${name}*${i}*=${i === 0 ? "utf-8''" : ''}${piece}`);
}
