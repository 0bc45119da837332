/**
 * Which octets a section of FETCH names.
 *
 * RFC 9051 §6.4.5.1 (part specifiers), §6.4.5 (BINARY) · RFC 3501 §6.4.5 · RFC 3516
 *
 * Results are positions in what the client sees: the per-recipient prefix (Return-Path, Delivered-To), then the body. The prefix counts as the first
 * lines of the message's header, so everything behind the header's beginning is moved by its length.
 */
import type { StructurePart } from './structure.ts';

/** `1.2.HEADER` is { parts: [1, 2], text: 'HEADER' }; for HEADER.FIELDS ask for HEADER and filter what it gives. */
export interface Section {
  readonly parts: readonly number[];
  readonly text: 'HEADER' | 'TEXT' | 'MIME' | undefined;
}

/** Octets [start, end). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The octets of a section, with a prefix of `prefixBytes` before the body; undefined where the message has no such part (NIL for the client). */
export function sectionRange(root: StructurePart, section: Section, prefixBytes: number = 0): ByteRange | undefined {
  const { parts, text } = section;
  if (parts.length === 0) {
    if (text === undefined) return { start: 0, end: prefixBytes + root.bodyEnd };
    // MIME needs a part number by the grammar (RFC 9051 §9 `section-spec`).
    if (text === 'MIME') return undefined;
    return text === 'HEADER' ? headerOf(root, prefixBytes) : bodyOf(root, prefixBytes);
  }
  const part = findPart(root, parts);
  if (part === undefined) return undefined;
  if (text === undefined) return bodyOf(part, prefixBytes);
  if (text === 'MIME') return headerOf(part, prefixBytes);
  // HEADER and TEXT with part numbers belong to the message inside a message part.
  const message = part.kind === 'message' ? part.children[0] : undefined;
  if (message === undefined) return undefined;
  return text === 'HEADER' ? headerOf(message, prefixBytes) : bodyOf(message, prefixBytes);
}

/**
 * The part with these numbers. Part 1 of a message that is no multipart is its own body, whose MIME header is the message's header; the numbers behind a
 * message part count the parts of the message in it.
 */
export function findPart(root: StructurePart, parts: readonly number[]): StructurePart | undefined {
  // `at` is a message whose parts are counted, or a multipart inside one.
  let at: StructurePart | undefined = root;
  let isMessage = true;
  for (const number of parts) {
    if (at === undefined) return undefined;
    if (!isMessage && at.kind === 'message') {
      at = at.children[0];
      isMessage = true;
      if (at === undefined) return undefined;
    }
    if (at.kind === 'multipart') at = at.children[number - 1];
    else if (!isMessage || number !== 1) return undefined;
    isMessage = false;
  }
  return at;
}

function headerOf(part: StructurePart, prefixBytes: number): ByteRange {
  return { start: part.headerStart === 0 ? 0 : prefixBytes + part.headerStart, end: prefixBytes + part.bodyStart };
}

function bodyOf(part: StructurePart, prefixBytes: number): ByteRange {
  return { start: prefixBytes + part.bodyStart, end: prefixBytes + part.bodyEnd };
}
