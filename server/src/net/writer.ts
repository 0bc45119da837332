/**
 * Writing to a connection: what a door writes during one turn of the event loop leaves in one piece (one TLS record, one packet), long replies in
 * pieces of 64 KiB with back-pressure through `flush`. An idle writer holds no buffer.
 */
import type { Writable } from 'node:stream';
import { NetError, type Writer } from './connection.ts';
import { nowMs } from './deadlines.ts';

const PIECE = 64 * 1024;
/** `flush` waits while more than this lies in the socket. */
const HIGH_WATER = 64 * 1024;

/** What the writer asks of its connection. */
export interface ByteSink {
  watchDeadline(): void;
}

/** Writers with something queued: one callback at the end of the turn for all of this thread. */
let dirty: CorkedWriter[] = [];
let isScheduled = false;

function sendDirty(): void {
  isScheduled = false;
  const writers = dirty;
  dirty = [];
  for (const writer of writers) writer.send();
}

export class CorkedWriter implements Writer {
  timeoutMs: number;
  /** When the client must have taken something, by `deadlines.nowMs`; Infinity while nobody waits. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #sink: ByteSink;
  #stream: Writable;
  #queue: Array<Uint8Array | string> = [];
  #queuedBytes = 0;
  #isDirty = false;
  #end: NetError | undefined;
  #waiting: Array<{ readonly lowWater: number; resolve(): void; reject(reason: Error): void }> | undefined;

  constructor(sink: ByteSink, stream: Writable, timeoutMs: number) {
    this.#sink = sink;
    this.#stream = stream;
    this.timeoutMs = timeoutMs;
  }

  get pendingBytes(): number {
    return this.#queuedBytes + this.#stream.writableLength;
  }

  write(chunk: Uint8Array | string): void {
    if (this.#end || chunk.length === 0) return;
    const queue = this.#queue;
    const last = queue.length - 1;
    // Strings are joined as ropes: one encoding for many short tokens.
    if (typeof chunk === 'string' && typeof queue[last] === 'string') queue[last] += chunk;
    else queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= PIECE) this.send();
    else if (!this.#isDirty) {
      this.#isDirty = true;
      dirty.push(this);
      if (!isScheduled) {
        isScheduled = true;
        setImmediate(sendDirty);
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#end) throw this.#end;
    // A small reply leaves at the end of the turn anyway, together with those of the commands pipelined behind it.
    if (this.pendingBytes < HIGH_WATER) return;
    this.send();
    if (this.#stream.writableLength >= HIGH_WATER) await this.#written(HIGH_WATER - 1);
  }

  /** Sends everything and resolves when the socket has taken all of it. */
  async drain(): Promise<void> {
    if (this.#end) throw this.#end;
    this.send();
    if (this.#stream.writableLength > 0) await this.#written(0);
  }

  /** Hands what is queued to the socket, in one piece. */
  send(): void {
    this.#isDirty = false;
    if (this.#queuedBytes === 0 || this.#end) return;
    const queue = this.#queue;
    const only = queue[0];
    this.#queue = [];
    const total = this.#queuedBytes;
    this.#queuedBytes = 0;
    if (queue.length === 1 && only !== undefined) {
      if (typeof only === 'string') this.#stream.write(only, 'latin1', this.#onWritten);
      else this.#stream.write(only, this.#onWritten);
      return;
    }
    const piece = Buffer.allocUnsafe(total);
    let at = 0;
    for (const chunk of queue) {
      if (typeof chunk === 'string') at += piece.write(chunk, at, 'latin1');
      else {
        piece.set(chunk, at);
        at += chunk.length;
      }
    }
    this.#stream.write(piece, this.#onWritten);
  }

  /** From here on writes go to another stream (TLS over the old one). */
  attach(stream: Writable): void {
    this.#stream = stream;
  }

  /** Nothing can be written any more; `flush` throws `reason`. */
  end(reason: NetError): void {
    if (this.#end) return;
    this.#end = reason;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#rejectAll(reason);
  }

  /** The client has taken nothing for too long. */
  expire(now: number): void {
    if (this.deadlineMs > now) return;
    this.#rejectAll(new NetError('timeout', 'the client does not read'));
  }

  #written(lowWater: number): Promise<void> {
    this.deadlineMs = this.timeoutMs > 0 ? nowMs() + this.timeoutMs : Number.POSITIVE_INFINITY;
    this.#sink.watchDeadline();
    return new Promise((resolve, reject) => {
      (this.#waiting ??= []).push({ lowWater, resolve, reject });
    });
  }

  readonly #onWritten = (): void => {
    const waiting = this.#waiting;
    if (!waiting) return;
    const length = this.#stream.writableLength;
    this.#waiting = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    for (const waiter of waiting) {
      if (length <= waiter.lowWater) waiter.resolve();
      else (this.#waiting ??= []).push(waiter);
    }
    if (this.#waiting && this.timeoutMs > 0) this.deadlineMs = nowMs() + this.timeoutMs;
  };

  #rejectAll(reason: NetError): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    for (const waiter of waiting ?? []) waiter.reject(reason);
  }
}
