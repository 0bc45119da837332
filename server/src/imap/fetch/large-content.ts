/**
 * Sections of messages too large to be held whole: read, decoded and sent in pieces, with back-pressure. A decoded part is gone through twice, since its
 * length goes before it.
 *
 * RFC 9051 §4.3, §7.5.2 · RFC 3516 §4.3
 */
import { asBuffer } from '#core/bytes.ts';
import { DomainError } from '#core/errors.ts';
import { transferDecoder } from '#message/transfer.ts';
import type { BlobRange, Store } from '#store/store.ts';
import { ImapError } from '../command.ts';
import type { Output } from './output.ts';
import type { Pace } from './pace.ts';
import type { PreparedSection } from './run.ts';
import { bodyRange, type Content, type MessageParts } from './section.ts';

/** Octets on their way at one time. */
const PIECE_BYTES = 256 * 1024;

type Take = (piece: Buffer) => void;

export class LargeContentWriter {
  readonly #store: Store;
  readonly #output: Output;
  readonly #pace: Pace;

  constructor(store: Store, output: Output, pace: Pace) {
    this.#store = store;
    this.#output = output;
    this.#pace = pace;
  }

  /** Makes sure, before a line is begun, that the body is there. Throws `message-expunged`. */
  async check({ blob }: MessageParts): Promise<void> {
    await this.#store.readBlob(blob, 0, 1);
  }

  /** Appends the section's label and octets. From here on a failure can only end the connection: the length of a literal has been promised. */
  async write({ item, filter }: PreparedSection, parts: MessageParts, content: Content): Promise<void> {
    const output = this.#output;
    output.text(item.label);
    output.byte(0x20);
    switch (content.kind) {
      case 'nil':
      case 'undecodable':
        output.text('NIL');
        return;
      case 'span':
        output.literalStart(content.length);
        await this.#pieces(parts, content, (piece) => output.bytes(piece));
        return;
      case 'fields': {
        // A header: bounded by section.ts.
        const pieces: Buffer[] = [];
        await this.#pieces(parts, content, (piece) => pieces.push(piece));
        filter?.writeBlocks(output, [Buffer.concat(pieces)], item.partial);
        return;
      }
      case 'decoded': {
        const from = item.partial?.offset ?? 0;
        const to = from + (item.partial?.length ?? Number.POSITIVE_INFINITY);
        let length = 0;
        let hasNul = false;
        await this.#decoded(parts, content, from, to, (piece) => {
          length += piece.length;
          hasNul ||= piece.includes(0);
        });
        if (item.kind === 'binary-size') {
          output.number(length);
          return;
        }
        output.literalStart(length, hasNul);
        await this.#decoded(parts, content, from, to, (piece) => output.bytes(piece));
      }
    }
  }

  /** The decoded octets [from, to). */
  async #decoded(parts: MessageParts, content: Extract<Content, { kind: 'decoded' }>, from: number, to: number, take: Take): Promise<void> {
    const decoder = transferDecoder(content.encoding);
    let at = 0;
    const cut = (piece: Buffer): void => {
      const start = Math.max(0, from - at);
      const end = Math.min(piece.length, to - at);
      at += piece.length;
      if (start < end) take(piece.subarray(start, end));
    };
    await this.#pieces(parts, content, (piece) => cut(decoder.write(piece)));
    cut(decoder.end());
  }

  async #pieces(parts: MessageParts, content: Extract<Content, { length: number }>, take: Take): Promise<void> {
    const prefix = parts.prefix.subarray(content.start, content.start + content.length);
    if (prefix.length > 0) take(asBuffer(prefix));
    for (const { blob, start, length } of bodyRange(parts, content)) {
      for (let at = 0; at < length; at += PIECE_BYTES) {
        take(await this.#read({ blob, start: start + at, length: Math.min(PIECE_BYTES, length - at) }));
        await this.#pace.rest(this.#output);
      }
    }
  }

  async #read({ blob, start, length }: BlobRange): Promise<Buffer> {
    try {
      return await this.#store.readBlob(blob, start, length);
    } catch (error) {
      if (error instanceof DomainError) throw new ImapError('BYE', 'A message could not be read to its end');
      throw error;
    }
  }
}
