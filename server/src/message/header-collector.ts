/** Keeps the octets of one header block that comes in pieces, up to a limit. */
export class HeaderCollector {
  readonly #limitBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Keeps data [start, end). */
  add(data: Buffer, start: number, end: number): void {
    const length = Math.min(end - start, this.#limitBytes - this.#length);
    if (length <= 0) return;
    if (this.#bytes.length < this.#length + length) {
      const larger = Buffer.allocUnsafe(Math.max(4096, (this.#length + length) * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    data.copy(this.#bytes, this.#length, start, start + length);
    this.#length += length;
  }

  /** What was kept, with data [start, end) behind it, as memory of its own; begins anew. */
  take(data: Buffer, start: number, end: number): Buffer {
    // Most headers come in one piece.
    if (this.#length === 0) return Buffer.from(data.subarray(start, Math.min(end, start + this.#limitBytes)));
    this.add(data, start, end);
    const whole = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return whole;
  }
}
