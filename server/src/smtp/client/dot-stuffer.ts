/**
 * A message's octets as DATA carries them: a dot more where a line begins with one, CRLF at the end, and the final dot.
 *
 * RFC 5321 §4.5.2, §4.1.1.4
 */
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

export class DotStuffer {
  #isLineStart = true;
  #endsInCr = false;

  /** The next octets as they go over the wire; without a copy where no line begins with a dot. */
  stuff(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk;
    const dots: number[] = [];
    if (this.#isLineStart && chunk[0] === DOT) dots.push(0);
    for (let at = chunk.indexOf('\n.', 0, 'latin1'); at >= 0; at = chunk.indexOf('\n.', at + 1, 'latin1')) dots.push(at + 1);
    const last = chunk[chunk.length - 1];
    this.#isLineStart = last === LF;
    this.#endsInCr = last === CR;
    if (dots.length === 0) return chunk;
    const stuffed = Buffer.allocUnsafe(chunk.length + dots.length);
    let from = 0;
    let to = 0;
    for (const dot of dots) {
      to += chunk.copy(stuffed, to, from, dot);
      stuffed[to++] = DOT;
      from = dot;
    }
    chunk.copy(stuffed, to, from);
    return stuffed;
  }

  /** What ends the message after its last octet. */
  end(): string {
    return this.#isLineStart ? '.\r\n' : this.#endsInCr ? '\n.\r\n' : '\r\n.\r\n';
  }
}
