/**
 * A message as a multi-line reply: lines that begin with a dot get another one, the last line is ended, a dot alone ends it all.
 *
 * A dot is doubled behind any LF, not only behind CRLF. Stored messages may hold a bare LF (APPEND takes them); most clients split lines there, and to them a
 * dot alone behind it would be the end, and what follows in the message would read as replies.
 *
 * RFC 1939 §3, §5 (RETR), §7 (TOP)
 */
import { CR, LF } from '#core/bytes.ts';
import type { Writer } from '#net/connection.ts';

const DOT = 0x2e;

export class MessageWriter {
  readonly #writer: Writer;
  /** The last two octets written. */
  #beforeLast = CR;
  #last = LF;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** The next octets of the message; they must not change afterwards. */
  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    let from = 0;
    if (bytes[0] === DOT && this.#last === LF) this.#writer.write('.');
    for (let at = bytes.indexOf('\n.'); at >= 0; at = bytes.indexOf('\n.', from)) {
      this.#writer.write(bytes.subarray(from, at + 1));
      this.#writer.write('.');
      from = at + 1;
    }
    this.#writer.write(from === 0 ? bytes : bytes.subarray(from));
    this.#beforeLast = bytes.length > 1 ? (bytes[bytes.length - 2] ?? 0) : this.#last;
    this.#last = bytes[bytes.length - 1] ?? 0;
  }

  /** Ends the last line, if the message does not, and the reply. */
  end(): void {
    this.#writer.write(this.#beforeLast === CR && this.#last === LF ? '.\r\n' : '\r\n.\r\n');
  }
}

/** Octets from `start` up to the end of the `count`-th line from there, and how many lines are still missing then. */
export function linesEnd(bytes: Buffer, start: number, count: number): { readonly end: number; readonly missing: number } {
  let end = start;
  let missing = count;
  for (; missing > 0; missing--) {
    const at = bytes.indexOf(LF, end);
    if (at < 0) return { end: bytes.length, missing };
    end = at + 1;
  }
  return { end, missing };
}
