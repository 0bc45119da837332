/**
 * Keeps the beginning of the text that a reader would see first, while a message streams by: for the preview.
 * The first plain text counts, and the first HTML in case there is none or it is empty; attached texts and texts inside attached messages only when nothing
 * else came before.
 */
import { findParameter } from './parameters.ts';
import type { Content, Part, TextSample } from './part.ts';

/** Octets kept of a text, still transfer-encoded. */
export const SAMPLE_BYTES: number = 8 * 1024;

interface Sample {
  readonly part: Part;
  bytes: Buffer;
  length: number;
}

export class SampleCollector {
  #plain: Sample | undefined;
  #html: Sample | undefined;
  #current: Sample | undefined;

  /** A text part begins. */
  begin(part: Part, isInMessage: boolean): void {
    const { content } = part;
    const isPlain = content.subtype !== 'html';
    if (isPlain ? this.#plain !== undefined : this.#html !== undefined) return;
    const isAside = isInMessage || isAttached(content);
    if (isAside && (this.#plain !== undefined || this.#html !== undefined)) return;
    const sample = { part, bytes: NO_BYTES, length: 0 };
    if (isPlain) this.#plain = sample;
    else this.#html = sample;
    this.#current = sample;
  }

  /** Octets of whatever is open now; ignored when that is not a wanted text. */
  add(data: Buffer, start: number, end: number): void {
    const sample = this.#current;
    if (sample === undefined) return;
    const length = Math.min(end - start, SAMPLE_BYTES - sample.length);
    if (length <= 0) return;
    if (sample.length === 0) sample.bytes = Buffer.from(data.subarray(start, start + length));
    else {
      if (sample.bytes.length < sample.length + length) {
        const larger = Buffer.allocUnsafe(Math.min(SAMPLE_BYTES, Math.max(1024, (sample.length + length) * 2)));
        sample.bytes.copy(larger, 0, 0, sample.length);
        sample.bytes = larger;
      }
      data.copy(sample.bytes, sample.length, start, start + length);
    }
    sample.length += length;
  }

  /** A part has ended. */
  end(part: Part): void {
    if (this.#current?.part === part) this.#current = undefined;
  }

  plain(): TextSample | undefined {
    return finished(this.#plain);
  }

  html(): TextSample | undefined {
    return finished(this.#html);
  }
}

const NO_BYTES = Buffer.alloc(0);

function finished(sample: Sample | undefined): TextSample | undefined {
  if (sample === undefined) return undefined;
  // The line end before the boundary was collected, but is not the part's.
  const length = Math.min(sample.length, sample.part.bodyEnd - sample.part.bodyStart);
  return { part: sample.part, bytes: sample.bytes.subarray(0, length) };
}

function isAttached(content: Content): boolean {
  if (content.disposition?.value === 'attachment') return true;
  return findParameter(content.parameters, 'name') !== undefined || findParameter(content.disposition?.parameters ?? [], 'filename') !== undefined;
}
