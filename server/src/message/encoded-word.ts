/**
 * Encoded words in headers: octet string in, text out.
 *
 * RFC 2047 §2, §4, §6.2 · RFC 2231 §5 (language behind the charset) · RFC 6532 (raw UTF-8)
 *
 * Read leniently: inside quoted strings and parameters, longer than 75 characters, with spaces in them, split in the middle of a character (the octets of
 * neighbouring words in one charset are joined before they are decoded), next to other text without a space. Linear.
 */
import { decodeCharset } from './charset.ts';
import { isWhite, textOfOctets } from './octets.ts';
import { decodeBase64, decodeQ } from './transfer.ts';

/** The text of an unfolded header value. */
export function decodeWords(octets: string): string {
  let start = octets.indexOf('=?');
  if (start < 0) return textOfOctets(octets);
  let out = '';
  /** End of what has been written. */
  let done = 0;
  /** The words of one charset that follow one another. */
  let charset = '';
  let pending: Buffer[] = [];
  while (start >= 0) {
    const word = wordAt(octets, start);
    if (word === undefined) {
      start = octets.indexOf('=?', start + 2);
      continue;
    }
    if (word === NO_MORE) break;
    const isNeighbour = pending.length > 0 && isBlank(octets, done, start);
    if (!isNeighbour || word.charset !== charset) {
      out += flush(pending, charset);
      pending = [];
      // White space between encoded words is only there to fold the line (RFC 2047 §6.2).
      if (!isNeighbour) out += textOfOctets(octets.slice(done, start));
    }
    charset = word.charset;
    pending.push(word.bytes);
    done = word.end;
    start = octets.indexOf('=?', done);
  }
  return out + flush(pending, charset) + textOfOctets(octets.slice(done));
}

interface Word {
  readonly charset: string;
  readonly bytes: Buffer;
  readonly end: number;
}

const NO_MORE = 'no-more';

/** The encoded word that begins at `start`; `no-more` when no further word can end. */
function wordAt(octets: string, start: number): Word | typeof NO_MORE | undefined {
  const charsetEnd = octets.indexOf('?', start + 2);
  if (charsetEnd < 0) return NO_MORE;
  if (charsetEnd === start + 2 || charsetEnd - start > 80) return undefined;
  const encoding = octets.charCodeAt(charsetEnd + 1) | 0x20;
  if ((encoding !== 0x62 && encoding !== 0x71) || octets.charCodeAt(charsetEnd + 2) !== 0x3f) return undefined;
  const textStart = charsetEnd + 3;
  const end = octets.indexOf('?=', textStart);
  if (end < 0) return NO_MORE;
  const text = octets.slice(textStart, end);
  const bytes = Buffer.from(text, 'latin1');
  const label = octets.slice(start + 2, charsetEnd).toLowerCase();
  const star = label.indexOf('*');
  return { charset: star > 0 ? label.slice(0, star) : label, bytes: encoding === 0x62 ? decodeBase64(bytes) : decodeQ(bytes), end: end + 2 };
}

function flush(words: readonly Buffer[], charset: string): string {
  if (words.length === 0) return '';
  const text = decodeCharset(words.length === 1 ? (words[0] as Buffer) : Buffer.concat(words), charset);
  // Line ends hidden in encoded words must not make new lines in what is shown.
  return CONTROL.test(text) ? text.replace(CONTROLS, ' ') : text;
}

const CONTROL = /[\0\r\n]/;
const CONTROLS = /[\0\r\n]+/g;

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isWhite(text.charCodeAt(at))) return false;
  return true;
}
