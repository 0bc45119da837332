/**
 * The part tree in the compact form that is stored with every message, and its reading: enough to answer FETCH BODY[section], BINARY[section], search and
 * preview without parsing the message again.
 *
 * RFC 9051 §6.4.5, §7.5.2 · RFC 3676 (format=flowed)
 *
 * Positions are octets of the body as accepted; what the server puts before it for one recipient is added by `sectionRange` (section.ts). About 12 octets a
 * part: pre-order, numbers in base 128, positions relative to where the parser stood.
 */
import { findParameter } from './parameters.ts';
import type { Part, PartKind } from './part.ts';
import { TRANSFER_ENCODINGS, type TransferEncoding, transferEncodingOf } from './transfer-encoding.ts';

export interface StructurePart {
  readonly kind: PartKind;
  /** The part's header is [headerStart, bodyStart), its body [bodyStart, bodyEnd). */
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly lines: number;
  /** Media type, lower case. */
  readonly type: string;
  readonly subtype: string;
  /** Lower case; empty where none is given. */
  readonly charset: string;
  readonly encoding: TransferEncoding;
  /** Whether it is shown apart: disposition attachment, or a file name on something that is not shown inline. */
  readonly isAttachment: boolean;
  /** format=flowed and, with it, delsp=yes. */
  readonly isFlowed: boolean;
  readonly deletesSpaces: boolean;
  /** Parts of a multipart; the one message of a message part; none in a leaf. */
  readonly children: readonly StructurePart[];
}

const VERSION = 1;
const KINDS: readonly PartKind[] = ['leaf', 'multipart', 'message'];

/** Words that take one octet. Append only: the places are stored. */
const WORDS: readonly string[] = [
  '',
  'text',
  'plain',
  'html',
  'multipart',
  'mixed',
  'alternative',
  'related',
  'signed',
  'report',
  'digest',
  'message',
  'rfc822',
  'delivery-status',
  'application',
  'octet-stream',
  'pdf',
  'image',
  'png',
  'jpeg',
  'gif',
  'us-ascii',
  'utf-8',
  'iso-8859-1',
  'iso-8859-2',
  'iso-8859-15',
  'windows-1250',
  'windows-1252',
  'calendar',
  'pgp-signature',
  'pkcs7-signature',
  'x-pkcs7-signature',
  'zip',
  'rfc822-headers',
  'encrypted',
  'global',
  'audio',
  'video',
  'koi8-r',
  'windows-1251',
  'iso-2022-jp',
  'gb2312',
  'big5',
  'euc-kr',
  'shift_jis',
  'parallel',
  'csv',
  'svg+xml',
  'webp',
  'x-amp-html',
  'enriched',
  'mp4',
  'mpeg',
  'webm',
  'iso-8859-7',
  'windows-1253',
];
const wordIndex = new Map(WORDS.map((word, index) => [word, index]));
/** Marks a word that is written out: its length and its octets follow. */
const SPELLED = 0x7f;
const WORD_LIMIT = 120;

/** Writes the tree of a parsed message. */
export function encodeStructure(root: Part): Uint8Array {
  const out: number[] = [VERSION];
  writePart(out, root, 0);
  return Uint8Array.from(out);
}

/** Reads what `encodeStructure` wrote. Throws on anything else: it comes from our own store. */
export function decodeStructure(bytes: Uint8Array): StructurePart {
  if (bytes[0] !== VERSION) throw new Error('not a message structure');
  return readPart({ bytes, at: 1, position: 0 });
}

function writePart(out: number[], part: Part, position: number): number {
  const { content } = part;
  const isText = content.type === 'text';
  const isFlowed = isText && parameter(part, 'format') === 'flowed';
  const deletesSpaces = isFlowed && parameter(part, 'delsp') === 'yes';
  out.push(
    KINDS.indexOf(part.kind) | (isAttachment(part) ? 4 : 0) | (isFlowed ? 8 : 0) | (deletesSpaces ? 16 : 0) | (transferEncodingIndex(content.encoding) << 5),
  );
  writeWord(out, content.type);
  writeWord(out, content.subtype);
  writeWord(out, isText ? parameter(part, 'charset') : '');
  writeNumber(out, part.headerStart - position);
  writeNumber(out, part.bodyStart - part.headerStart);
  writeNumber(out, part.bodyEnd - part.bodyStart);
  writeNumber(out, part.lines);
  writeNumber(out, part.children.length);
  let after = part.bodyStart;
  for (const child of part.children) after = writePart(out, child, after);
  return part.bodyEnd;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  position: number;
}

function readPart(reader: Reader): StructurePart {
  const flags = reader.bytes[reader.at++] ?? 0;
  const type = readWord(reader);
  const subtype = readWord(reader);
  const charset = readWord(reader);
  const headerStart = reader.position + readNumber(reader);
  const bodyStart = headerStart + readNumber(reader);
  const bodyEnd = bodyStart + readNumber(reader);
  const lines = readNumber(reader);
  const count = readNumber(reader);
  const children: StructurePart[] = [];
  reader.position = bodyStart;
  for (let i = 0; i < count; i++) children.push(readPart(reader));
  reader.position = bodyEnd;
  return {
    kind: KINDS[flags & 3] ?? 'leaf',
    headerStart,
    bodyStart,
    bodyEnd,
    lines,
    type,
    subtype,
    charset,
    encoding: TRANSFER_ENCODINGS[flags >> 5] ?? 'unknown',
    isAttachment: (flags & 4) !== 0,
    isFlowed: (flags & 8) !== 0,
    deletesSpaces: (flags & 16) !== 0,
    children,
  };
}

function transferEncodingIndex(encoding: string): number {
  return TRANSFER_ENCODINGS.indexOf(transferEncodingOf(encoding));
}

function parameter(part: Part, name: string): string {
  const value = findParameter(part.content.parameters, name)?.value ?? '';
  return value.length > WORD_LIMIT ? '' : value.toLowerCase();
}

/** Whether a part is shown apart from the text, as a file: the same answer for the paper clip and for the list of attachments. RFC 2183 §2.1, §2.2 */
export function isAttachment(part: Part): boolean {
  if (part.kind === 'multipart') return false;
  const { content } = part;
  const { disposition, type, subtype } = content;
  if (disposition?.value === 'attachment') return true;
  if (part.kind === 'message') return disposition?.value !== 'inline';
  // Signatures and the machine's part of a report are not what people call attachments.
  if (subtype === 'pgp-signature' || subtype === 'pkcs7-signature' || subtype === 'x-pkcs7-signature' || type === 'message') return false;
  const isNamed = findParameter(disposition?.parameters ?? [], 'filename') !== undefined || findParameter(content.parameters, 'name') !== undefined;
  if (type === 'text') return isNamed && disposition?.value !== 'inline';
  // A picture that the HTML refers to by its Content-ID is part of the text.
  if (content.id !== undefined && disposition?.value !== 'attachment' && (type === 'image' || disposition?.value === 'inline')) return false;
  return type !== 'image' || isNamed || disposition === undefined;
}

function writeNumber(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}

function readNumber(reader: Reader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new Error('message structure ends too early');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

function writeWord(out: number[], word: string): void {
  const index = wordIndex.get(word);
  if (index !== undefined) {
    out.push(index);
    return;
  }
  const length = Math.min(word.length, WORD_LIMIT);
  out.push(SPELLED, length);
  for (let i = 0; i < length; i++) out.push(word.charCodeAt(i) & 0xff);
}

function readWord(reader: Reader): string {
  const index = reader.bytes[reader.at++] ?? 0;
  if (index !== SPELLED) return WORDS[index] ?? '';
  const length = reader.bytes[reader.at++] ?? 0;
  const word = String.fromCharCode(...reader.bytes.subarray(reader.at, reader.at + length));
  reader.at += length;
  return word;
}
