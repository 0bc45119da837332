/**
 * SMTP replies as they go over the wire.
 *
 * RFC 5321 §4.2 (form), §4.5.3.1.5 (512 octets a line) · RFC 2034, RFC 3463 (enhanced codes: on every line, none on the greeting, EHLO, 334 and 354)
 */

/** Room for a text in one line: 512 octets less `250-`, an enhanced code and CRLF. */
const TEXT_LIMIT = 480;

/** One reply: `250-5.0.0 a`, `250 5.0.0 b`. Texts are made safe: one line each, printable ASCII, cut to the limit of a line. */
export function formatReply(code: number, enhanced: string | undefined, text: string | readonly string[]): string {
  const status = enhanced === undefined ? '' : `${enhanced} `;
  if (typeof text === 'string') return `${code} ${status}${safe(text)}\r\n`;
  let reply = '';
  for (let index = 0; index < text.length - 1; index++) reply += `${code}-${status}${safe(text[index] ?? '')}\r\n`;
  return `${reply}${code} ${status}${safe(text.at(-1) ?? '')}\r\n`;
}

const UNSAFE = /[^\x20-\x7e]/;

function safe(text: string): string {
  const printable = UNSAFE.test(text) ? text.replace(/[^\x20-\x7e]/g, '?') : text;
  return printable.length > TEXT_LIMIT ? printable.slice(0, TEXT_LIMIT) : printable;
}
