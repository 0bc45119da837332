/**
 * The message as BDAT carries it: octets as they are, checked for what no mailbox can hold. Line ends are as strict as in DATA, so that what came in chunks can be
 * handed on with DATA, and no bare CR or LF reaches a server that reads an end of message into it.
 *
 * RFC 3030 §2 · §3 (NUL and bare CR or LF are what BINARYMIME would allow; it is not offered)
 */
import { CR, LF } from '#core/bytes.ts';
import type { DataFault } from './data-decoder.ts';

const FAULT = /\r(?!\n)|(?<!\r)\n|\0/g;

/** Checks one message; it may be cut into chunks anywhere, also between CR and LF. */
export class ChunkChecker {
  #fault: DataFault | undefined;
  #endsWithCr = false;
  #endsWithLine = true;

  get fault(): DataFault | undefined {
    return this.#fault;
  }

  /** Whether what came so far ends with a whole line. */
  get endsWithLine(): boolean {
    return this.#endsWithLine;
  }

  check(bytes: Buffer): void {
    if (bytes.length === 0 || this.#fault !== undefined) return;
    let from = 0;
    if (this.#endsWithCr) {
      if (bytes[0] !== LF) {
        this.#fault = 'bare-newline';
        return;
      }
      from = 1;
    }
    const last = bytes[bytes.length - 1];
    this.#endsWithCr = last === CR;
    this.#endsWithLine = last === LF;
    FAULT.lastIndex = from;
    const match = FAULT.exec(bytes.toString('latin1', 0, this.#endsWithCr ? bytes.length - 1 : bytes.length));
    if (match !== null) this.#fault = match[0] === '\0' ? 'nul' : 'bare-newline';
  }

  /** At the end of the message: a CR that still waits for its LF is bare. */
  finish(): void {
    if (this.#endsWithCr) this.#fault ??= 'bare-newline';
  }
}
