/**
 * The readable text of parts and messages, for SEARCH, the search index and JMAP.
 *
 * RFC 9051 §6.4.4 (BODY, TEXT) · RFC 3676 · RFC 2046 §4.1
 *
 * What is searched is what a reader would see: texts in their charset, HTML without its tags, flowed lines joined; of attachments their names; of attached
 * messages their headers and texts.
 */
import { asBuffer } from '#core/bytes.ts';
import { decodeCharset, decodeGuess } from './charset.ts';
import { decodeWords } from './encoded-word.ts';
import { unflow } from './flowed.ts';
import { Header } from './header.ts';
import { htmlToText } from './html-text.ts';
import { parseValueWithParameters } from './parameters.ts';
import { decodeParameter } from './parameter-text.ts';
import type { StructurePart } from './structure.ts';
import { decodeTransfer } from './transfer.ts';

/** Characters of text that are taken from one message. */
export const TEXT_LIMIT: number = 16 * 1024 * 1024;

/** The text of a text part from its raw body (transfer-encoded octets), at most about `limit` characters. */
export function partText(part: StructurePart, rawBody: Uint8Array, limit: number = TEXT_LIMIT): string {
  // Four octets a character and a threefold transfer encoding are the most that a character can take.
  const raw = rawBody.length > limit * 12 ? rawBody.subarray(0, limit * 12) : rawBody;
  const decoded = decodeTransfer(raw, part.encoding);
  const text = part.type === 'text' ? decodeCharset(decoded, part.charset) : decodeGuess(decoded);
  if (part.subtype === 'html') return htmlToText(text, limit);
  const cut = text.length > limit ? text.slice(0, limit) : text;
  return part.isFlowed ? unflow(cut, part.deletesSpaces) : cut;
}

/** All text in the body of a message. `bytes` is the message as accepted (without a prefix), to which the structure's positions refer. */
export function searchableText(root: StructurePart, bytes: Uint8Array, limit: number = TEXT_LIMIT): string {
  const pieces: string[] = [];
  let room = limit;
  const add = (text: string): void => {
    if (text === '') return;
    pieces.push(text);
    room -= text.length;
  };
  const visit = (part: StructurePart): void => {
    if (room <= 0) return;
    if (part !== root && part.kind === 'leaf') add(nameOf(part, bytes));
    if (part.kind === 'leaf') {
      // Reports (delivery-status, rfc822-headers) are text too.
      if (part.type === 'text' || part.type === 'message') add(partText(part, bytes.subarray(part.bodyStart, part.bodyEnd), room));
      return;
    }
    for (const child of part.children) {
      if (part.kind === 'message') add(searchableHeader(bytes.subarray(child.headerStart, child.bodyStart)));
      visit(child);
    }
  };
  visit(root);
  return pieces.join('\n');
}

/** A header block as text: `name: value` a line, unfolded, encoded words decoded. */
export function searchableHeader(bytes: Uint8Array): string {
  const header = new Header(asBuffer(bytes));
  const lines: string[] = [];
  for (let i = 0; i < header.count; i++) lines.push(`${header.nameAt(i)}: ${decodeWords(header.valueAt(i))}`);
  return lines.join('\n');
}

/** The file name of a part. */
function nameOf(part: StructurePart, bytes: Uint8Array): string {
  if (part.bodyStart === part.headerStart) return '';
  const header = new Header(asBuffer(bytes.subarray(part.headerStart, part.bodyStart)));
  const disposition = parseValueWithParameters(header.first('content-disposition') ?? '');
  return (
    decodeParameter(disposition.parameters, 'filename') ??
    decodeParameter(parseValueWithParameters(header.first('content-type') ?? '').parameters, 'name') ??
    ''
  );
}
