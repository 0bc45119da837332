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

/** The folded form of a text. Idempotent. */
export function fold(text: string): string {
  if (!NON_ASCII.test(text)) return text.toLowerCase();
  // Twice, because letters can decompose further once they are lower case or spelled out (İ, ẞ).
  return text.normalize('NFKD').replace(MARKS, '').toLowerCase().replace(SPECIAL, letter).normalize('NFKD').replace(MARKS, '').toLowerCase();
}

function letter(char: string): string {
  return LETTERS[char] ?? char;
}
