/**
 * A header that is too long to be waited for, while it streams through: field by field, so that some can be left out. Every octet that stays passes as it came.
 *
 * Lines end with CRLF and nothing else: the door has seen to that.
 */
import { asBuffer, CR, LF } from '#core/bytes.ts';

/** So much of a field is waited for before it is decided whether it stays. */
const FIELD_BYTES = 64 * 1024;
const COLON = 0x3a;
const NOTHING = Buffer.alloc(0);

/** Whether a field is left out: its name in lower case, and its octets (the first 64 KiB where `isCut`), the name included. */
export type DropsField = (name: string, raw: Buffer, isCut: boolean) => boolean;

export class LongHeader {
  readonly #names: readonly Buffer[];
  readonly #drops: DropsField;
  /** A field whose end has not come, or the beginning of the empty line. */
  #carry: Buffer = NOTHING;
  /** What becomes of the rest of a field that is longer than what was waited for; undefined at the beginning of a line that may be a new field's. */
  #rest: 'kept' | 'dropped' | undefined;
  /** The last octet of that rest ended a line. */
  #isAfterLine = false;
  #isBody = false;

  /** The first octet that comes must begin a field. `drops` is asked about fields of these names (lower case) alone: of others there may be millions. */
  constructor(names: readonly string[], drops: DropsField) {
    this.#names = names.map((name) => Buffer.from(name, 'latin1'));
    this.#drops = drops;
  }

  /** The next octets of the message; returns those that go on. They may lie in the memory of `chunk`. */
  take(chunk: Uint8Array): Buffer {
    if (this.#isBody) return asBuffer(chunk);
    const data = this.#carry.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#carry, chunk]);
    this.#carry = NOTHING;
    const kept: Buffer[] = [];
    /** Where that begins which goes on in one piece up to `at`. */
    let from = 0;
    let at = 0;
    const leaveOut = (to: number): void => {
      if (at > from) kept.push(data.subarray(from, at));
      from = to;
    };
    while (at < data.length) {
      if (this.#rest !== undefined) {
        const end = this.#isAfterLine && !isBlank(data[at]) ? at : fieldEnd(data, at);
        const to = end < 0 ? data.length : end;
        if (this.#rest === 'dropped') leaveOut(to);
        this.#isAfterLine = data[to - 1] === LF;
        if (end >= 0) this.#rest = undefined;
        at = to;
        continue;
      }
      if (data[at] === CR) {
        if (at + 1 === data.length) break;
        // The empty line: what follows is no header.
        this.#isBody = true;
        at = data.length;
        break;
      }
      const end = fieldEnd(data, at);
      if (end < 0) {
        if (data.length - at < FIELD_BYTES) break;
        this.#rest = this.#isDropped(data, at, at + FIELD_BYTES, true) ? 'dropped' : 'kept';
        this.#isAfterLine = false;
        continue;
      }
      if (this.#isDropped(data, at, end, false)) leaveOut(end);
      at = end;
    }
    if (at < data.length) this.#carry = Buffer.from(data.subarray(at));
    leaveOut(at);
    return joined(kept);
  }

  /** The message has ended within its header: what was waited for. */
  end(): Buffer {
    const last = this.#carry;
    this.#carry = NOTHING;
    return last.length > 0 && this.#isDropped(last, 0, last.length, false) ? NOTHING : last;
  }

  #isDropped(data: Buffer, start: number, end: number, isCut: boolean): boolean {
    if (!this.#names.some((name) => beginsWith(data, start, name))) return false;
    const raw = data.subarray(start, end);
    const colon = raw.indexOf(COLON);
    if (colon < 0) return false;
    return this.#drops(raw.toString('latin1', 0, colon).trim().toLowerCase(), raw, isCut);
  }
}

/** Without regard to case; a few octets that are no letters count as others. */
function beginsWith(data: Buffer, start: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (((data[start + i] ?? 0) | 0x20) !== name[i]) return false;
  return true;
}

/** Where the last field begins in the octets from `start`, whose end may still be to come. */
export function lastFieldStart(bytes: Buffer, start: number): number {
  // The very last octet may end a line, and what follows it is not known.
  for (let at = bytes.length - 2; at >= start; at--) {
    at = bytes.lastIndexOf(LF, at);
    if (at < start) break;
    if (!isBlank(bytes[at + 1])) return at + 1;
  }
  return start;
}

/** Where the next field or the empty line begins; -1 where that has not come. */
function fieldEnd(data: Buffer, start: number): number {
  for (let lf = data.indexOf(LF, start); lf >= 0 && lf + 1 < data.length; lf = data.indexOf(LF, lf + 1)) if (!isBlank(data[lf + 1])) return lf + 1;
  return -1;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
}
