/**
 * A message made fit for a server that does not take 8BITMIME: each part with octets above 127 is transfer-encoded, and says so.
 *
 * RFC 6152 §3 (convert or return) · RFC 2045 §6 · RFC 2046 §5.2.1 (message/rfc822 itself is never encoded: what is inside it is)
 *
 * What is signed inside the message (multipart/signed) is never touched: such a message cannot be converted. A DKIM signature of somebody else over the whole breaks;
 * the only other way would be to return the message. Header fields cannot be converted and go as they are. RFC 1847 §2.1 · RFC 3156 §3
 */
import { isAscii } from 'node:buffer';
import { asBuffer } from '#core/bytes.ts';
import { Header } from '#message/header.ts';
import { parseMessage } from '#message/parse.ts';
import type { Part } from '#message/part.ts';
import { encodeBase64, encodeQuotedPrintable } from '#message/transfer-encode.ts';

/** Octets of the largest message that is converted; larger ones are returned. */
export const CONVERSION_LIMIT: number = 32 * 1024 * 1024;

/** The converted message; the octets outside of 8-bit parts stay as they are. Undefined: 8-bit octets are inside of what is signed. */
export function toSevenBit(message: Uint8Array): Buffer | undefined {
  const bytes = asBuffer(message);
  const out: Uint8Array[] = [];
  const { root } = parseMessage(bytes);
  if (hasSignedEightBit(bytes, root)) return undefined;
  out.push(bytes.subarray(0, root.headerStart));
  writePart(bytes, root, out, true);
  out.push(bytes.subarray(root.bodyEnd));
  return Buffer.concat(out);
}

function hasSignedEightBit(bytes: Buffer, part: Part): boolean {
  if (isAscii(bytes.subarray(part.bodyStart, part.bodyEnd))) return false;
  if (part.kind === 'multipart' && part.content.subtype === 'signed') return true;
  return part.children.some((child) => hasSignedEightBit(bytes, child));
}

function writePart(bytes: Buffer, part: Part, out: Uint8Array[], isOutermost: boolean): void {
  const header = bytes.subarray(part.headerStart, part.bodyStart);
  const body = bytes.subarray(part.bodyStart, part.bodyEnd);
  if (isAscii(body)) {
    out.push(header, body);
    return;
  }
  if (part.kind === 'leaf') {
    const isText = part.content.type === 'text';
    out.push(headerWith(header, isText ? 'quoted-printable' : 'base64', isOutermost), isText ? encodeQuotedPrintable(body) : encodeBase64(body));
    return;
  }
  out.push(headerWith(header, '7bit', false));
  let at = part.bodyStart;
  for (const child of part.children) {
    out.push(bytes.subarray(at, child.headerStart));
    writePart(bytes, child, out, false);
    at = child.bodyEnd;
  }
  out.push(bytes.subarray(at, part.bodyEnd));
}

/** The header with this transfer encoding instead of its own. */
function headerWith(bytes: Buffer, encoding: string, isOutermost: boolean): Buffer {
  const header = new Header(bytes);
  const lines: Uint8Array[] = [];
  let hasVersion = false;
  for (let field = 0; field < header.count; field++) {
    const name = header.nameAt(field);
    if (name === 'content-transfer-encoding') continue;
    if (name === 'mime-version') hasVersion = true;
    lines.push(header.rawAt(field));
  }
  // Without it a reader would not look at the encoding.
  if (isOutermost && !hasVersion) lines.push(Buffer.from('MIME-Version: 1.0\r\n'));
  lines.push(Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n\r\n`));
  return Buffer.concat(lines);
}
