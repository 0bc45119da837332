/**
 * Octets to text in any charset that mail has used.
 *
 * RFC 2045 §5.1 · WHATWG Encoding (TextDecoder's labels)
 *
 * Nothing is refused: what is unknown, wrongly labelled or broken is read as UTF-8 where it is valid UTF-8, else as Windows-1252, which loses no octet.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decodeHz, decodeIso2022Jp, decodeIso2022Kr } from './charset-stateful.ts';

type Decode = (bytes: Buffer) => string;

/** Decoders by label as it was written in mail; bounded, because anybody can invent labels. */
const decoders = new Map<string, Decode>();
const CACHE_LIMIT = 500;

/** The text of octets in a charset (any case, quotes and white space tolerated). Never throws; what has no meaning becomes U+FFFD. */
export function decodeCharset(bytes: Buffer, charset: string): string {
  let decode = decoders.get(charset);
  if (decode === undefined) {
    decode = decoderFor(charset);
    if (decoders.size >= CACHE_LIMIT) decoders.clear();
    decoders.set(charset, decode);
  }
  return decode(bytes);
}

/** The text of octets whose charset nobody knows. */
export function decodeGuess(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? withoutBom(bytes.toString('utf8')) : windows1252.decode(bytes);
}

const windows1252 = new TextDecoder('windows-1252');

function decoderFor(charset: string): Decode {
  const label = normalised(charset);
  if (label === '' || label === 'us-ascii' || label === 'ascii' || label === 'unknown-8bit' || label === 'x-unknown' || label === 'default') return decodeGuess;
  if (label === 'utf-8' || label === 'utf8') return decodeUtf8Leniently;
  const special = SPECIAL[label];
  if (special !== undefined) return special;
  const native = textDecoder(label);
  if (native !== undefined) return native;
  if (iconv.encodingExists(label)) return (bytes) => iconv.decode(bytes, label);
  return decodeGuess;
}

/** Charsets that neither TextDecoder nor iconv-lite reads, or that they read differently from mail. */
const SPECIAL: Readonly<Record<string, Decode>> = {
  'iso-2022-jp': decodeIso2022Jp,
  'iso-2022-kr': decodeIso2022Kr,
  'hz-gb-2312': decodeHz,
  'utf-16': (bytes) => decodeUtf16(bytes),
  'utf-7': (bytes) => iconv.decode(bytes, 'utf-7'),
  'unicode-1-1-utf-7': (bytes) => iconv.decode(bytes, 'utf-7'),
};

/** Without a byte order mark it is big endian (RFC 2781 §4.3); TextDecoder takes little. */
function decodeUtf16(bytes: Buffer): string {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be').decode(bytes);
}

/** Valid UTF-8, also one cut in the middle of its last character; where hardly anything is UTF-8 the label was wrong. */
function decodeUtf8Leniently(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return withoutBom(bytes.toString('utf8'));
  const text = withoutBom(bytes.toString('utf8'));
  if (isUtf8(bytes.subarray(0, startOfLastCharacter(bytes)))) return text;
  const broken = text.split('\uFFFD', 1000).length - 1;
  return broken > 2 && !HAS_REAL_LETTERS.test(text) ? windows1252.decode(bytes) : text;
}

/** Where the last character begins, if these octets were cut from UTF-8. */
function startOfLastCharacter(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > 0 && at > bytes.length - 4 && ((bytes[at] as number) & 0xc0) === 0x80) at--;
  return at;
}

const HAS_REAL_LETTERS = /[\u0080-\uFFFC]/;

function withoutBom(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function textDecoder(label: string): Decode | undefined {
  try {
    const decoder = new TextDecoder(label);
    return (bytes) => decoder.decode(bytes);
  } catch {
    // A label that it does not know.
    return undefined;
  }
}

/** A label as WHATWG knows it: RFC 2231 and careless programs leave quotes, white space, `cs` prefixes and underscores. */
function normalised(charset: string): string {
  let label = charset
    .slice(0, 60)
    .toLowerCase()
    .replace(/["'\s]/g, '');
  const star = label.indexOf('*');
  if (star >= 0) label = label.slice(0, star);
  return ALIASES[label] ?? label;
}

const ALIASES: Readonly<Record<string, string>> = {
  cp932: 'shift_jis',
  'windows-932': 'shift_jis',
  'windows-31j': 'shift_jis',
  cp936: 'gbk',
  'windows-936': 'gbk',
  cp949: 'euc-kr',
  'windows-949': 'euc-kr',
  ms949: 'euc-kr',
  cp950: 'big5',
  'windows-950': 'big5',
  gb18030: 'gb18030',
  'gb-2312': 'gb2312',
  gb_2312: 'gb2312',
  'iso-2022-jp-1': 'iso-2022-jp',
  'iso-2022-jp-2': 'iso-2022-jp',
  'iso-2022-jp-3': 'iso-2022-jp',
  'iso-2022-jp-ms': 'iso-2022-jp',
  'ansi_x3.4-1968': 'us-ascii',
  'iso646-us': 'us-ascii',
  'iso-646': 'us-ascii',
  us_ascii: 'us-ascii',
  '7bit': 'us-ascii',
  '8bit': '',
  'utf-8n': 'utf-8',
  utf8mb4: 'utf-8',
  hz: 'hz-gb-2312',
  'hz-gb2312': 'hz-gb-2312',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
};
