/**
 * Strings as replies carry them. What goes to the writer as a string is Latin-1, so UTF-8 is spelled as one character an octet.
 *
 * RFC 9051 §4.3
 */

/** A quoted string; a literal where it holds what quotes may not. For ASCII. */
export function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what a quoted string may not hold
  if (/[\x00\r\n\x80-\uffff]/.test(text)) return literal(Buffer.from(text, 'utf8').toString('latin1'));
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A quoted string in UTF-8, for clients that read it (UTF8=ACCEPT, IMAP4rev2). */
export function quotedUtf8(text: string): string {
  const octets = Buffer.from(text, 'utf8').toString('latin1');
  // oxlint-disable-next-line no-control-regex -- these are what a quoted string may not hold
  return /[\x00\r\n]/.test(octets) ? literal(octets) : `"${octets.replace(/["\\]/g, '\\$&')}"`;
}

/** `octets` has one character an octet. */
function literal(octets: string): string {
  return `{${octets.length}}\r\n${octets}`;
}
