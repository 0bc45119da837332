/**
 * Strings of IMAP data items, as octet strings ready to be joined.
 *
 * RFC 9051 §4.3 (string), §9 (nstring, quoted, literal) · RFC 3501 §9
 *
 * A quoted string must not hold CR, LF, NUL or, unless the client has said that it understands UTF-8 there, an octet above 127. What is prepared once must suit every client, so such
 * text goes out as a literal, which may hold any octet but NUL.
 */
import { asUtf8Octets } from './octets.ts';

const NEEDS_CARE = /[\0\r\n"\\\x80-\xff]/;
const NEEDS_LITERAL = /[\r\n\x80-\xff]/;
const NULS = /\0+/g;

/** `"text"`, or a literal where quoting cannot carry it. Octets that are no valid UTF-8 are replaced by their likely meaning in UTF-8. */
export function imapString(octets: string): string {
  if (!NEEDS_CARE.test(octets)) return `"${octets}"`;
  const clean = octets.replace(NULS, '');
  if (!NEEDS_LITERAL.test(clean)) return `"${clean.replace(/["\\]/g, '\\$&')}"`;
  const utf8 = asUtf8Octets(clean);
  return `{${utf8.length}}\r\n${utf8}`;
}

/** The same, with NIL for undefined. */
export function imapNString(octets: string | undefined): string {
  return octets === undefined ? 'NIL' : imapString(octets);
}
