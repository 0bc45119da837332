/**
 * The header of a message that has arrived, while it can still be changed: fields to be left out and fields to be put in front. What nobody touches keeps its octets.
 *
 * RFC 6409 §8 (what a submission server may add or change) · RFC 8601 §5 (what a receiving one must take out)
 */
import { Header } from '#message/header.ts';

export class ArrivedHeader {
  /** As it came; what is changed here does not change it. */
  readonly header: Header;
  /** False: it is so long that only its beginning is known. What follows passes field by field: long-header.ts. */
  readonly isWhole: boolean;
  #added = '';
  readonly #removed = new Set<number>();

  /** @param bytes The header with the empty line that ends it, if there is one. */
  constructor(bytes: Buffer, isWhole: boolean = true) {
    this.header = new Header(bytes);
    this.isWhole = isWhole;
  }

  /** Puts a field in front of the others. */
  add(name: string, value: string): void {
    this.#added += `${name}: ${value}\r\n`;
  }

  /** Leaves out every field of this name (lower case). */
  remove(name: string): void {
    const { header } = this;
    for (let index = 0; index < header.count; index++) if (header.nameAt(index) === name) this.#removed.add(index);
  }

  /** Leaves out field `index` of the header. */
  removeAt(index: number): void {
    this.#removed.add(index);
  }

  /** The header as it goes on; undefined where nothing was changed. */
  changed(): Buffer | undefined {
    if (this.#added === '' && this.#removed.size === 0) return undefined;
    const { header } = this;
    const pieces: Buffer[] = [Buffer.from(this.#added, 'latin1')];
    let kept = 0;
    for (const index of [...this.#removed].sort((a, b) => a - b)) {
      const raw = header.rawAt(index);
      const start = raw.byteOffset - header.bytes.byteOffset;
      pieces.push(header.bytes.subarray(kept, start));
      kept = start + raw.length;
    }
    pieces.push(header.bytes.subarray(kept));
    return Buffer.concat(pieces);
  }
}
