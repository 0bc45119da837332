/**
 * A message that came as a literal8 and holds NUL, made fit for the literals in which clients read messages: parts with NUL in them get base64. What the parts
 * mean stays the same; FETCH BINARY gives the very octets back.
 *
 * RFC 3516 §4.4 ("The server MAY modify the CTE of the appended data") · RFC 2045 §6.2, §6.8 · RFC 1847 §2.1 (signed parts are not touched)
 */
import { CR } from '#core/bytes.ts';
import { Header } from '#message/header.ts';
import { parseMessage } from '#message/parse.ts';
import type { Part } from '#message/part.ts';
import { encodeBase64 } from '#message/transfer-encode.ts';

const IDENTITY: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

/** The message without NUL. Undefined where that cannot be: NUL in a header, between parts, in an encoded part, or inside of what is signed. */
export function withoutNul(message: Buffer): Buffer | undefined {
  const { root } = parseMessage(message);
  const out: Buffer[] = [];
  if (!writePart(message, root, out, true)) return undefined;
  const converted = Buffer.concat([message.subarray(0, root.headerStart), ...out, message.subarray(root.bodyEnd)]);
  return converted.includes(0) ? undefined : converted;
}

/** Appends a part, header and body; `isMessage`: its header is that of a message. False where it holds a NUL that must stay. */
function writePart(message: Buffer, part: Part, out: Buffer[], isMessage: boolean): boolean {
  const header = message.subarray(part.headerStart, part.bodyStart);
  const body = message.subarray(part.bodyStart, part.bodyEnd);
  if (!body.includes(0)) {
    out.push(header, body);
    return true;
  }
  if (part.kind === 'leaf') {
    if (!IDENTITY.has(part.content.encoding)) return false;
    out.push(asBase64(header, isMessage), encodeBase64(body));
    return true;
  }
  if (part.kind === 'multipart' && part.content.subtype === 'signed') return false;
  out.push(header);
  let at = part.bodyStart;
  for (const child of part.children) {
    out.push(message.subarray(at, child.headerStart));
    if (!writePart(message, child, out, part.kind === 'message')) return false;
    at = child.bodyEnd;
  }
  out.push(message.subarray(at, part.bodyEnd));
  return true;
}

/** The header with base64 as its transfer encoding; all else stays, also lines that are no fields. */
function asBase64(bytes: Buffer, isMessage: boolean): Buffer {
  const header = new Header(bytes);
  const kept: Buffer[] = [];
  let from = 0;
  for (let field = 0; field < header.count; field++) {
    if (header.nameAt(field) !== 'content-transfer-encoding') continue;
    const raw = header.rawAt(field);
    const at = raw.byteOffset - bytes.byteOffset;
    kept.push(bytes.subarray(from, at));
    from = at + raw.length;
  }
  // Without the line that ends it: a body stands behind it, so there is one.
  kept.push(bytes.subarray(from, bytes.length - (bytes.at(-2) === CR ? 2 : 1)));
  // Without it a reader would not look at the encoding (RFC 2045 §4: also of a message in a message).
  if (isMessage && header.first('mime-version') === undefined) kept.push(Buffer.from('MIME-Version: 1.0\r\n'));
  kept.push(Buffer.from('Content-Transfer-Encoding: base64\r\n\r\n'));
  return Buffer.concat(kept);
}
