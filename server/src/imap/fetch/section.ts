/**
 * Where in a message the octets of a section are. Positions count from the beginning of the message as a client sees it: the prefix that the server put before
 * the body belongs to the header.
 *
 * RFC 9051 §6.4.5.1 · RFC 3516 §4.2
 */
import type { BlobId } from '#core/ids.ts';
import { findPart, sectionRange } from '#message/section.ts';
import { decodeStructure, type StructurePart } from '#message/structure.ts';
import type { TransferEncoding } from '#message/transfer-encoding.ts';
import type { BlobRange } from '#store/store.ts';
import type { PreparedSection } from './run.ts';
import type { SectionItem, SectionText } from './request.ts';

/** A message as its row describes it. */
export interface MessageParts {
  readonly blob: BlobId;
  /** Prefix and body. */
  readonly size: number;
  /** Of the body, without the prefix. */
  readonly headerSize: number;
  readonly prefix: Uint8Array;
  readonly structure: Uint8Array;
}

export type Content =
  /** Octets as they are, cut to the partial range. */
  | { readonly kind: 'span'; readonly start: number; readonly length: number }
  /** A header of which some fields are wanted. */
  | { readonly kind: 'fields'; readonly start: number; readonly length: number }
  /** A part whose transfer encoding is to be undone. */
  | { readonly kind: 'decoded'; readonly start: number; readonly length: number; readonly encoding: TransferEncoding }
  | { readonly kind: 'undecodable' }
  /** There is no such part. */
  | { readonly kind: 'nil' };

/** Header octets that are looked through for single fields. */
const FIELDS_LIMIT = 4 * 1024 * 1024;

const SECTION_WORDS: Readonly<Record<SectionText, 'HEADER' | 'TEXT' | 'MIME' | undefined>> = {
  all: undefined,
  header: 'HEADER',
  text: 'TEXT',
  mime: 'MIME',
  'header-fields': 'HEADER',
  'header-fields-not': 'HEADER',
};

/** What a section of the request is in one message. */
export function resolveSection({ item, filter }: PreparedSection, parts: MessageParts): Content {
  if (item.kind !== 'body' && item.section.part.length > 0) return decodedPart(item, parts);
  const range = rangeOfSection(item, parts);
  if (range === undefined) return { kind: 'nil' };
  const length = range.end - range.start;
  if (filter !== undefined) return { kind: 'fields', start: range.start, length: Math.min(length, FIELDS_LIMIT) };
  if (item.kind === 'binary-size') return { kind: 'decoded', start: range.start, length, encoding: 'binary' };
  if (item.partial === undefined) return { kind: 'span', start: range.start, length };
  const offset = Math.min(item.partial.offset, length);
  return { kind: 'span', start: range.start + offset, length: Math.min(item.partial.length, length - offset) };
}

function rangeOfSection({ section }: SectionItem, parts: MessageParts): { readonly start: number; readonly end: number } | undefined {
  // The message itself needs no structure: this is what nearly everybody asks for.
  if (section.part.length === 0) {
    const headerEnd = parts.prefix.length + parts.headerSize;
    if (section.text === 'all') return { start: 0, end: parts.size };
    return section.text === 'text' ? { start: headerEnd, end: parts.size } : { start: 0, end: headerEnd };
  }
  return sectionRange(structureOf(parts), { parts: section.part, text: SECTION_WORDS[section.text] }, parts.prefix.length);
}

function decodedPart({ section }: SectionItem, parts: MessageParts): Content {
  const root = structureOf(parts);
  const part = findPart(root, section.part);
  const range = sectionRange(root, { parts: section.part, text: undefined }, parts.prefix.length);
  if (part === undefined || range === undefined) return { kind: 'nil' };
  // What a multipart or a message holds is encoded part by part, not as a whole (RFC 2045 §6.4).
  const encoding = part.kind === 'leaf' ? part.encoding : 'binary';
  if (encoding === 'unknown') return { kind: 'undecodable' };
  return { kind: 'decoded', start: range.start, length: range.end - range.start, encoding };
}

function structureOf(parts: MessageParts): StructurePart {
  return decodeStructure(parts.structure);
}

/** What of a content lies in the body; none where it is all prefix. */
export function bodyRange(parts: MessageParts, content: Content): BlobRange[] {
  if (!('length' in content)) return [];
  const start = Math.max(0, content.start - parts.prefix.length);
  const length = Math.max(0, content.start + content.length - parts.prefix.length) - start;
  return length > 0 ? [{ blob: parts.blob, start, length }] : [];
}
