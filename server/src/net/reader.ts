/**
 * Bounded reading from a connection: lines, literals, streams. Holds at most what the current read asks for and 64 KiB more, and stops the socket
 * when nobody reads (back-pressure reaches the client through TCP). Chunks are handed on as they came where possible; an idle reader holds no buffer.
 *
 * RFC 5321 §2.3.8 (lines end in CRLF and nothing else) · RFC 9051 §4.3 (literals)
 */
import { asBuffer, CR, LF } from '#core/bytes.ts';
import { NetError, type Reader } from './connection.ts';
import { nowMs } from './deadlines.ts';

/** Above this much unread, the source is stopped unless the current read wants more. */
const HIGH_WATER = 32 * 1024;
/** A line that is too long is skipped up to its end; one that has no end within this bound ends the conversation. */
const DROP_LIMIT = 1024 * 1024;
/** Smaller chunks are gathered, so that a client that sends single octets costs octets and not objects. */
const SMALL_CHUNK = 512;
const GATHER_SIZE = 4096;
/** A short literal is copied out of a chunk that is more than this many times larger, so that keeping it does not keep the chunk. */
const COPY_RATIO = 4;

/** Where the octets come from. */
export interface ByteSource {
  pause(): void;
  resume(): void;
  /** The reader's deadline has moved nearer. */
  watchDeadline(): void;
}

export class BufferedReader implements Reader {
  timeoutMs: number;
  unitTimeoutMs: number;
  /** When the read that waits now must have got something, by `deadlines.nowMs`. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #source: ByteSource;
  #chunks: Buffer[] = [];
  /** Octets of the first chunk that were read. */
  #head = 0;
  #length = 0;
  /** Octets, from the first unread one, known to hold no LF. */
  #scanned = 0;
  #wanted = 0;
  #isPaused = false;
  #end: NetError | undefined;
  #waiter: { resolve(): void; reject(reason: Error): void } | undefined;
  /** Memory into which small chunks are gathered: the last chunk is its part up to `#gatherEnd`. */
  #gather: Buffer | undefined;
  #gatherEnd = 0;

  constructor(source: ByteSource, timeouts: { readonly timeoutMs: number; readonly unitTimeoutMs: number }) {
    this.#source = source;
    this.timeoutMs = timeouts.timeoutMs;
    this.unitTimeoutMs = timeouts.unitTimeoutMs;
  }

  get bufferedBytes(): number {
    return this.#length;
  }

  /** The source's next octets. The reader keeps the chunk; nobody may change it. */
  arrive(chunk: Buffer): void {
    if (this.#end || chunk.length === 0) return;
    if (chunk.length < SMALL_CHUNK && this.#chunks.length > 0) this.#append(chunk);
    else {
      this.#chunks.push(chunk);
      this.#gather = undefined;
    }
    this.#length += chunk.length;
    if (!this.#isPaused && this.#length >= HIGH_WATER && this.#length >= this.#wanted) {
      this.#isPaused = true;
      this.#source.pause();
    }
    this.#wake();
  }

  /** No more will come. What has arrived can still be read; then every read throws `reason`. */
  end(reason: NetError): void {
    if (this.#end) return;
    this.#end = reason;
    this.#wake();
  }

  /** Ends the read that waits, if there is one, because its deadline has passed. */
  expire(now: number): void {
    if (this.deadlineMs > now) return;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(new NetError('timeout'));
  }

  /** Everything unread, for whoever takes the line over. */
  takeAll(): Buffer {
    return this.#take(this.#length);
  }

  readLineNow(limitBytes: number, options?: { readonly strict?: boolean }): Buffer | undefined {
    const end = this.#findLineFeed();
    if (end < 0) return undefined;
    if (end > limitBytes + 1) {
      this.#skip(end + 1);
      throw new NetError('line-too-long');
    }
    const raw = this.#take(end + 1);
    const hasReturn = end > 0 && raw[end - 1] === CR;
    const line = raw.subarray(0, hasReturn ? end - 1 : end);
    if (line.length > limitBytes) throw new NetError('line-too-long');
    if (options?.strict === true && (!hasReturn || line.includes(CR))) throw new NetError('bare-newline');
    return line;
  }

  async readLine(limitBytes: number, options?: { readonly strict?: boolean }): Promise<Buffer> {
    let beganAtMs = 0;
    for (;;) {
      const line = this.readLineNow(limitBytes, options);
      if (line) return line;
      if (this.#length > limitBytes + 1) await this.#dropLine(beganAtMs);
      if (this.#length > 0 && beganAtMs === 0) beganAtMs = nowMs();
      await this.#more(beganAtMs, limitBytes + 2);
    }
  }

  async readExactly(length: number): Promise<Buffer> {
    let beganAtMs = 0;
    while (this.#length < length) {
      if (this.#length > 0 && beganAtMs === 0) beganAtMs = nowMs();
      await this.#more(beganAtMs, length);
    }
    const first = this.#chunks[0];
    const mustCopy = first !== undefined && first.length - this.#head >= length && (first.length > length * COPY_RATIO || this.#gather !== undefined);
    const bytes = this.#take(length);
    return mustCopy ? Buffer.from(bytes) : bytes;
  }

  async readSome(maxBytes: number): Promise<Buffer> {
    while (this.#length === 0) await this.#more(0, 1);
    const first = this.#chunks[0] as Buffer;
    return this.#take(Math.min(maxBytes, first.length - this.#head));
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const first = this.#chunks[0];
    if (first && this.#head > 0) {
      this.#chunks[0] = first.subarray(this.#head);
      this.#head = 0;
    }
    if (this.#chunks.length === 0) this.#gather = undefined;
    this.#chunks.unshift(asBuffer(bytes));
    this.#length += bytes.length;
    this.#scanned = 0;
  }

  /** Waits for the next octets. `beganAtMs` is when the unit's first octet was there; 0 while there is none. */
  #more(beganAtMs: number, wanted: number): Promise<void> {
    if (this.#end) return Promise.reject(this.#end);
    if (this.#waiter) return Promise.reject(new Error('two reads at once on one connection'));
    this.#wanted = wanted;
    if (beganAtMs > 0) this.deadlineMs = this.unitTimeoutMs > 0 ? beganAtMs + this.unitTimeoutMs : Number.POSITIVE_INFINITY;
    else this.deadlineMs = this.timeoutMs > 0 ? nowMs() + this.timeoutMs : Number.POSITIVE_INFINITY;
    this.#source.watchDeadline();
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#source.resume();
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    this.#waiter = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#wanted = 0;
    waiter.resolve();
  }

  /** Consumes an over-long line up to its end and throws. */
  async #dropLine(beganAtMs: number): Promise<never> {
    const began = beganAtMs === 0 ? nowMs() : beganAtMs;
    let dropped = 0;
    for (;;) {
      const end = this.#findLineFeed();
      if (end >= 0) {
        this.#skip(end + 1);
        throw new NetError('line-too-long');
      }
      dropped += this.#length;
      this.#skip(this.#length);
      if (dropped > DROP_LIMIT) {
        this.end(new NetError('closed', 'a line without an end'));
        throw new NetError('line-too-long');
      }
      await this.#more(began, 1);
    }
  }

  /** Octets before the next LF, -1 when none has arrived. */
  #findLineFeed(): number {
    if (this.#scanned >= this.#length) return -1;
    let before = -this.#head;
    for (const chunk of this.#chunks) {
      const from = this.#scanned - before;
      if (from < chunk.length) {
        const at = chunk.indexOf(LF, Math.max(from, 0));
        if (at >= 0) return before + at;
      }
      before += chunk.length;
    }
    this.#scanned = this.#length;
    return -1;
  }

  /** The next `length` octets in one piece, without a copy when they came in one. */
  #take(length: number): Buffer {
    const first = this.#chunks[0];
    if (!first || length === 0) return Buffer.alloc(0);
    if (first.length - this.#head >= length) {
      const piece = first.subarray(this.#head, this.#head + length);
      this.#skip(length);
      return piece;
    }
    const whole = Buffer.allocUnsafeSlow(length);
    let at = 0;
    let head = this.#head;
    for (const chunk of this.#chunks) {
      at += chunk.copy(whole, at, head, Math.min(chunk.length, head + length - at));
      head = 0;
      if (at === length) break;
    }
    this.#skip(length);
    return whole;
  }

  #skip(length: number): void {
    this.#length -= length;
    this.#scanned = Math.max(0, this.#scanned - length);
    if (this.#length === 0) {
      this.#chunks.length = 0;
      this.#head = 0;
      this.#gather = undefined;
      return;
    }
    let head = this.#head + length;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (head < chunk.length) break;
      head -= chunk.length;
      whole++;
    }
    if (whole > 0) this.#chunks.splice(0, whole);
    this.#head = head;
  }

  #append(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    if (this.#gather && last && this.#gather.length - this.#gatherEnd >= chunk.length) {
      chunk.copy(this.#gather, this.#gatherEnd);
      const start = this.#gatherEnd - last.length;
      this.#gatherEnd += chunk.length;
      this.#chunks[this.#chunks.length - 1] = this.#gather.subarray(start, this.#gatherEnd);
      return;
    }
    this.#gather = Buffer.allocUnsafeSlow(GATHER_SIZE);
    chunk.copy(this.#gather, 0);
    this.#gatherEnd = chunk.length;
    this.#chunks.push(this.#gather.subarray(0, this.#gatherEnd));
  }
}
