/**
 * Folding for search and comparison: two texts that a reader takes for the same give the same string.
 *
 * Unicode NFKD without marks, lower case, and letters that do not decompose written as people type them (ł as l, ß as ss). The store's index and the scan
 * over a message use this one function, so that both find the same.
 */

/** Letters without a decomposition. */
const LETTERS: Readonly<Record<string, string>> = {
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ø: 'o',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ĸ: 'k',
  ŋ: 'n',
  ŧ: 't',
  ƀ: 'b',
  ɓ: 'b',
  ƈ: 'c',
  ɖ: 'd',
  ɗ: 'd',
  ɨ: 'i',
  ƙ: 'k',
  ŀ: 'l',
  ƚ: 'l',
  ɫ: 'l',
  ɲ: 'n',
  ƞ: 'n',
  ɵ: 'o',
  ƥ: 'p',
  ɍ: 'r',
  ƭ: 't',
  ʈ: 't',
  ʉ: 'u',
  ʋ: 'v',
  ⱱ: 'v',
  ɏ: 'y',
  ƴ: 'y',
  ƶ: 'z',
  ȥ: 'z',
  ǥ: 'g',
  ɠ: 'g',
  ə: 'e',
  ɛ: 'e',
  ɔ: 'o',
  ς: 'σ',
  ѐ: 'е',
  ё: 'е',
  '’': "'",
  '‘': "'",
  '‛': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '‟': '"',
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '−': '-',
};

const NON_ASCII = /[\u0080-\uffff]/;
const MARKS = /\p{M}+/gu;
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');

/** The folded form of a text. Idempotent; the folded forms of two texts, joined, are that of the joined texts. */
export function fold(text: string): string {
  return NON_ASCII.test(text) ? foldByTable(text) : text.toLowerCase();
}

/** The definition; `foldByTable` gives the same, and is ten times faster on whole messages. */
export function foldByDefinition(text: string): string {
  // Twice, because letters can decompose further once they are lower case or spelled out (İ, ẞ).
  return text.normalize('NFKD').replace(MARKS, '').toLowerCase().replace(SPECIAL, letter).normalize('NFKD').replace(MARKS, '').toLowerCase();
}

function letter(char: string): string {
  return LETTERS[char] ?? char;
}

/** What a code unit becomes, filled when first met: the one character, or one of these. */
const table = new Uint16Array(0x10000);
const UNMET = 0;
const NOTHING = 1;
/** Several characters, or half of a pair: by definition. */
const OTHER = 2;

/** Room for the folded characters of one piece, as octets while they are Latin-1. */
const PIECE = 16 * 1024;
/** More than any one character becomes. */
const LONGEST = 32;
const narrow = Buffer.allocUnsafeSlow(PIECE + LONGEST);
const wide = new Uint16Array(PIECE + LONGEST);
const wideBytes = Buffer.from(wide.buffer);

/** Folding does not look at neighbours: marks vanish wherever they stand, and both forms of sigma become one. So it goes character by character. */
function foldByTable(text: string): string {
  let folded = '';
  let at = 0;
  /** All bits of the characters in the piece: whether they fit into octets is not known before its end, so both forms are written. */
  let bits = 0;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    if (at >= PIECE) {
      folded += pieceOf(at, bits);
      at = 0;
      bits = 0;
    }
    const code = text.charCodeAt(i);
    let entry = table[code] as number;
    if (entry === UNMET) entry = table[code] = entryFor(code);
    if (entry > OTHER) {
      narrow[at] = entry;
      wide[at++] = entry;
      bits |= entry;
    } else if (entry === OTHER) {
      const char = String.fromCodePoint(text.codePointAt(i) as number);
      i += char.length - 1;
      const spelled = foldByDefinition(char);
      for (let j = 0; j < spelled.length; j++) {
        const each = spelled.charCodeAt(j);
        narrow[at] = each;
        wide[at++] = each;
        bits |= each;
      }
    }
  }
  return folded + pieceOf(at, bits);
}

function pieceOf(length: number, bits: number): string {
  return bits > 0xff ? wideBytes.toString('utf16le', 0, length * 2) : narrow.toString('latin1', 0, length);
}

function entryFor(code: number): number {
  if (code >= 0xd800 && code <= 0xdfff) return OTHER;
  const spelled = foldByDefinition(String.fromCharCode(code));
  if (spelled.length === 0) return NOTHING;
  return spelled.length === 1 && spelled.charCodeAt(0) > OTHER ? spelled.charCodeAt(0) : OTHER;
}
