/**
 * Octet strings: JavaScript strings whose char codes are octets (Latin-1). Header text is handled in this form, because it keeps every octet and costs
 * no decoding. JavaScript's own `trim` and `\s` must not touch them: both take 0xA0 for a space, which is the last octet of many letters in UTF-8.
 */
import { isUtf8 } from 'node:buffer';

/** Whether the character code is white space in a header: space, TAB, CR, LF. */
export function isWhite(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Cuts white space off both ends. */
export function trimOctets(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(text.charCodeAt(start))) start++;
  while (end > start && isWhite(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** At most `limit` octets, not cut inside a character of UTF-8. */
export function cutOctets(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let end = limit;
  while (end > limit - 4 && (text.charCodeAt(end) & 0xc0) === 0x80) end--;
  return text.slice(0, end);
}

const NON_ASCII = /[\x80-\xff]/;

/** The text that raw octets in a header stand for: UTF-8 (RFC 6532) where valid, else Windows-1252, which shows at least most Western letters. */
export function textOfOctets(octets: string): string {
  if (!NON_ASCII.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : windows1252.decode(bytes);
}

/** The octets unchanged where they are valid UTF-8, else those of the same text in UTF-8. */
export function asUtf8Octets(octets: string): string {
  if (!NON_ASCII.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? octets : octetsOf(Buffer.from(windows1252.decode(bytes), 'utf8'));
}

const windows1252 = new TextDecoder('windows-1252');

/** Bytes [start, end) as an octet string. */
export function octetsOf(bytes: Buffer, start?: number, end?: number): string {
  return bytes.toString('latin1', start, end);
}
