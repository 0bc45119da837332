/**
 * Reply bytes under construction. Long replies (FETCH of a whole mailbox, SEARCH results) are written byte by byte into chunks of 1 to 128 KiB, which go
 * to the connection as they fill: no string, object or promise per message.
 *
 * The hot renderers (flag-lines.ts) work on `chunk` and `at` directly after `room(n)`; everybody else uses the methods.
 */
import type { Writer } from '#net/connection.ts';
import type { Octets } from '../rows/batch.ts';

const SMALLEST_CHUNK = 1024;
const LARGEST_CHUNK = 128 * 1024;
/** From this size on, bytes are handed on as they are instead of being copied. */
const PASS_THROUGH_BYTES = 16 * 1024;
/** With more than this on its way, a long reply waits for the client. */
const HIGH_WATER_BYTES = 256 * 1024;

export type OutputWriter = Pick<Writer, 'write' | 'flush' | 'pendingBytes'>;

export class Output {
  /** Where the next bytes go: `chunk[at]`. Valid until the next call of a method. */
  chunk: Buffer;
  at: number = 0;
  readonly #writer: OutputWriter;
  /** First byte of the chunk that has not been handed on. */
  #start = 0;

  constructor(writer: OutputWriter) {
    this.#writer = writer;
    this.chunk = Buffer.allocUnsafeSlow(SMALLEST_CHUNK);
  }

  /** Makes sure that `chunk` has at least `bytes` free octets from `at` on. */
  room(bytes: number): void {
    if (this.chunk.length - this.at >= bytes) return;
    const used = this.chunk.length;
    this.handOver();
    this.chunk = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(used * 4, LARGEST_CHUNK)));
    this.at = 0;
    this.#start = 0;
  }

  /** Appends ASCII text. */
  text(text: string): void {
    const { length } = text;
    this.room(length);
    const { chunk } = this;
    if (length > 24) {
      chunk.write(text, this.at, length, 'latin1');
    } else {
      const { at } = this;
      for (let i = 0; i < length; i++) chunk[at + i] = text.charCodeAt(i);
    }
    this.at += length;
  }

  /** Appends bytes; large ones are not copied and must not change afterwards. */
  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length >= PASS_THROUGH_BYTES) {
      this.handOver();
      this.#writer.write(bytes);
      return;
    }
    this.room(length);
    this.at = copyBytes(bytes, this.chunk, this.at);
  }

  /** Appends the octets of one row. */
  slice({ bytes, starts }: Octets, index: number): void {
    const start = starts[index] ?? 0;
    this.range(bytes, start, starts[index + 1] ?? start);
  }

  /** Appends octets [start, end) of a buffer that does not change afterwards. */
  range(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length >= PASS_THROUGH_BYTES) {
      this.bytes(bytes.subarray(start, end));
      return;
    }
    this.room(length);
    const { chunk } = this;
    let { at } = this;
    if (length > 40) bytes.copy(chunk, at, start, end);
    else for (let i = start; i < end; i++) chunk[at++] = bytes[i] ?? 0;
    this.at += length;
  }

  /** Appends one octet. */
  byte(octet: number): void {
    this.room(1);
    this.chunk[this.at++] = octet;
  }

  /** Appends a number in decimal: an integer from 0 to 2^53. */
  number(value: number): void {
    this.room(16);
    this.at = writeNumber(this.chunk, this.at, value);
  }

  /** `{length}` CRLF and the octets; `~` in front for a literal8. */
  literal(bytes: Uint8Array, isLiteral8: boolean = false): void {
    this.literalStart(bytes.length, isLiteral8);
    this.bytes(bytes);
  }

  literalStart(length: number, isLiteral8: boolean = false): void {
    this.text(isLiteral8 ? '~{' : '{');
    this.number(length);
    this.text('}\r\n');
  }

  /** Gives what has been built to the connection; the rest of the chunk goes on being used. */
  handOver(): void {
    if (this.at === this.#start) return;
    this.#writer.write(this.chunk.subarray(this.#start, this.at));
    this.#start = this.at;
  }

  /** Whether the client is behind, so that the caller should await `drain`. */
  get isFull(): boolean {
    return this.#writer.pendingBytes + (this.at - this.#start) > HIGH_WATER_BYTES;
  }

  /** Hands over and waits until the client has taken enough. */
  async drain(): Promise<void> {
    this.handOver();
    await this.#writer.flush();
  }
}

/** Copies bytes; returns the position behind them. A loop beats the native call for the few octets of a flag list. */
export function copyBytes(from: Uint8Array, to: Uint8Array, at: number): number {
  const { length } = from;
  if (length > 40) {
    to.set(from, at);
  } else {
    for (let i = 0; i < length; i++) to[at + i] = from[i] ?? 0;
  }
  return at + length;
}

/** Writes a number in decimal; returns the position behind it. */
export function writeNumber(to: Uint8Array, at: number, value: number): number {
  if (value >= 1_000_000_000) {
    // Modification sequences and sizes may pass 2^31: the upper part first, then nine digits of the rest.
    const upper = Math.floor(value / 1_000_000_000);
    const next = writeNumber(to, at, upper);
    let rest = value - upper * 1_000_000_000;
    for (let i = next + 8; i >= next; i--) {
      const tenth = Math.floor(rest / 10);
      to[i] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    return next + 9;
  }
  let rest = value | 0;
  const end = at + digitCount(rest);
  for (let i = end - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    to[i] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

function digitCount(value: number): number {
  if (value < 100_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    if (value < 1000) return 3;
    return value < 10_000 ? 4 : 5;
  }
  if (value < 10_000_000) return value < 1_000_000 ? 6 : 7;
  return value < 100_000_000 ? 8 : 9;
}
