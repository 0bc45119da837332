/**
 * What the parser yields: the tree of parts with byte ranges, and what their headers say.
 *
 * RFC 2045 · RFC 2046 §5 · RFC 9051 §7.5.2 (BODYSTRUCTURE)
 *
 * All positions are octets from the beginning of the message. A part's header is [headerStart, bodyStart), with the empty line that ends it; its body is
 * [bodyStart, bodyEnd), without the line end that belongs to the next boundary (RFC 2046 §5.1.1).
 */
import type { Header } from './header.ts';
import type { Parameter, ValueWithParameters } from './parameters.ts';

/** Bounds of what the parser looks at. What lies beyond stays in the message and in its ranges; only the tree gets coarser. */
export interface ParserLimits {
  /** Parts of one message, nested ones included; further boundaries are taken for text. */
  readonly parts: number;
  /** Levels of nesting; a multipart or message below them is a leaf. */
  readonly depth: number;
  /** Octets of one header block that are interpreted. */
  readonly headerBytes: number;
  /** Octets of all that is kept of the part headers (parameters, ids, descriptions, nested envelopes). */
  readonly detailBytes: number;
}

export const DEFAULT_LIMITS: ParserLimits = { parts: 1000, depth: 50, headerBytes: 256 * 1024, detailBytes: 512 * 1024 };

/** A leaf has content, a multipart has parts, a message (message/rfc822, message/global) has the one message in it as its only child. */
export type PartKind = 'leaf' | 'multipart' | 'message';

/** What a part's header says of its content. Texts are octet strings as they stand in the header, unfolded. */
export interface Content {
  /** Lower case; `text` / `plain` where the field is missing or cannot be read (RFC 2045 §5.2), `message` / `rfc822` for that in a digest. */
  readonly type: string;
  readonly subtype: string;
  readonly parameters: readonly Parameter[];
  /** Lower case; `7bit` where the field is missing. */
  readonly encoding: string;
  readonly id: string | undefined;
  readonly description: string | undefined;
  readonly md5: string | undefined;
  readonly disposition: ValueWithParameters | undefined;
  /** Language tags, as written. */
  readonly language: readonly string[];
  readonly location: string | undefined;
}

export interface Part {
  readonly kind: PartKind;
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Line ends in the body; counted for text parts and messages, else 0. */
  readonly lines: number;
  readonly content: Content;
  readonly children: readonly Part[];
  /** The IMAP ENVELOPE of a message inside a message part; undefined for other parts, and for the outermost message (see `imapEnvelope`). */
  readonly envelope: Uint8Array | undefined;
}

/** The beginning of a text part, still transfer-encoded. */
export interface TextSample {
  readonly part: Part;
  readonly bytes: Buffer;
}

export interface ParsedMessage {
  readonly sizeBytes: number;
  /** The header of the message; its bytes end at `limits.headerBytes`. */
  readonly header: Header;
  readonly root: Part;
  /** The beginnings of the first plain and the first HTML text that a reader would see, for the preview. */
  readonly plainSample: TextSample | undefined;
  readonly htmlSample: TextSample | undefined;
}
