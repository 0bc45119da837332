/**
 * A message's octets on their way in: held in memory while there are few, streamed into a segment when there are many, and parsed once either way.
 *
 * What is stored is our Received field and then the message as it came, with the changes that stages have made to its header: the same octets for every recipient.
 */
import { isAscii } from 'node:buffer';
import { FIELD_LIMIT, Header } from '#message/header.ts';
import { parseMessage, MessageParser } from '#message/parse.ts';
import { parseMessageId } from '#message/message-id.ts';
import type { ParsedMessage } from '#message/part.ts';
import { prepare } from '#message/prepare.ts';
import type { Body } from '#store/mutation.ts';
import type { BodyStream } from '#store/store.ts';
import { ArrivedHeader } from './arrived-header.ts';
import { acceptMessage } from './accept-message.ts';
import { type Accepted, type MessageSink, Refusal } from './delivery.ts';
import { type HeldMemory, type Holder, tooMuch } from './held-memory.ts';
import { lastFieldStart, LongHeader } from './long-header.ts';
import { receivedField } from './received.ts';
import type { BodyObserver, Stage } from './stage.ts';
import type { Transaction } from './transaction.ts';

/** Messages up to this size are held. */
const MEMORY_BYTES = 64 * 1024;
/** What one that is streamed may hold: octets that are gathered before they are written, and samples of its text. */
const STREAM_BYTES = 320 * 1024;
/** The header must be seen whole before anything is streamed: up to this size. A longer one is refused on submission, and passed on unseen otherwise. */
const HEADER_BYTES = 256 * 1024;
const FIRST_BYTES = 8 * 1024;
const END_OF_HEADER = Buffer.from('\r\n\r\n');
const DONE: Promise<void> = Promise.resolve();
const NOTHING = Buffer.alloc(0);

export class Intake implements MessageSink, Holder {
  readonly #transaction: Transaction;
  readonly #receivedAtMs: number;
  readonly #received: string;
  /** Our Received field and what has come of the message, until it is streamed. No memory before the first octet. */
  #held: Buffer = NOTHING;
  #heldLength: number;
  /** Where the message begins in what is held. */
  readonly #start: number;
  /** Up to here there is no end of the header. */
  #searched = 0;
  #messageBytes = 0;
  #isEightBit = false;
  #stream: { readonly body: BodyStream; readonly parser: MessageParser } | undefined;
  /** Set where the header is too long to be seen whole. */
  #longHeader: LongHeader | undefined;
  /** Those of the stages that want to see the body. */
  #observers: ReadonlyMap<Stage, BodyObserver> = new Map();
  #isObserved = false;
  #isOver = false;
  /** The thread's memory was needed for others. */
  #hasGivenUp = false;

  constructor(transaction: Transaction) {
    const { peer, services, parameters, id, onlyRecipient } = transaction;
    const { hostname, showsSubmitter } = services.settings;
    this.#transaction = transaction;
    this.#receivedAtMs = services.clock.nowMs();
    this.#received = receivedField({
      peer,
      hostname,
      id,
      nowMs: this.#receivedAtMs,
      onlyRecipient,
      showsClient: peer.identity === undefined || showsSubmitter,
      priority: parameters.mtPriority,
    });
    this.#start = Buffer.byteLength(this.#received);
    this.#heldLength = this.#start;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#hasGivenUp) return Promise.reject(tooMuch());
    this.#messageBytes += chunk.length;
    if (this.#messageBytes > this.#transaction.services.settings.messageBytes) return Promise.reject(new Refusal(552, '5.3.4', 'Message is too large'));
    if (this.#stream !== undefined || this.#heldLength + chunk.length > MEMORY_BYTES) return this.#overflow(chunk);
    try {
      this.#hold(chunk);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    this.#memory.wait(this);
    return DONE;
  }

  giveUp(): void {
    this.#hasGivenUp = true;
    // It waits for its client, so nobody is at work on what is dropped here.
    void this.abort();
  }

  async finish(): Promise<Accepted> {
    try {
      return await this.#finish();
    } finally {
      this.#memory.release(this);
    }
  }

  async #finish(): Promise<Accepted> {
    if (this.#hasGivenUp) throw tooMuch();
    if (this.#held === NOTHING && this.#stream === undefined) this.#hold(NOTHING);
    // From here on it is the server's turn.
    else this.#memory.hold(this, this.#heldOrStreamedBytes);
    const transaction = this.#transaction;
    const { parsed, held } = await this.#parseAll();
    for (const stage of transaction.stages) {
      const observer = this.#observers.get(stage);
      if (observer?.end) await observer.end(parsed);
      if (stage.data) await stage.data(transaction, parsed);
    }
    const message = prepare(parsed);
    const body: Body = this.#stream === undefined ? { bytes: held } : await this.#stream.body.finish();
    this.#isOver = true;
    return acceptMessage(transaction, {
      message,
      messageId: messageIdOf(parsed),
      isEightBit: this.#isEightBit,
      header: parsed.header.bytes,
      body,
      receivedAtMs: this.#receivedAtMs,
    });
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = NOTHING;
    this.#memory.release(this);
    await this.#stream?.body.abort();
  }

  /** The parsed message, and its octets where they are held. */
  async #parseAll(): Promise<{ readonly parsed: ParsedMessage; readonly held: Buffer }> {
    if (this.#stream !== undefined) {
      const last = this.#longHeader?.end() ?? NOTHING;
      if (last.length > 0) await this.#pass(last, this.#stream);
      return { parsed: this.#stream.parser.end(), held: this.#held };
    }
    const begun = await this.#completed();
    const late = this.#longHeader?.end() ?? NOTHING;
    const held = late.length > 0 ? Buffer.concat([begun, late]) : begun;
    this.#noteEightBit(held);
    return { parsed: parseMessage(held), held };
  }

  #hold(chunk: Uint8Array): void {
    const length = this.#heldLength + chunk.length;
    if (length > this.#held.length) this.#grow(length);
    else this.#memory.hold(this, this.#held.length);
    this.#held.set(chunk, this.#heldLength);
    this.#heldLength = length;
  }

  #grow(length: number): void {
    const isFirst = this.#held === NOTHING;
    const expectedBytes = Math.max(FIRST_BYTES, Math.min(MEMORY_BYTES, this.#start + (this.#transaction.parameters.sizeBytes ?? 0) + 512));
    const capacity = Math.max(length, isFirst ? expectedBytes : this.#held.length * 2);
    this.#memory.hold(this, capacity);
    const larger = Buffer.allocUnsafe(capacity);
    if (isFirst) larger.write(this.#received);
    else this.#held.copy(larger, 0, 0, this.#heldLength);
    this.#held = larger;
  }

  get #memory(): HeldMemory {
    return this.#transaction.services.held;
  }

  get #heldOrStreamedBytes(): number {
    return this.#stream === undefined ? this.#held.length : STREAM_BYTES;
  }

  /** Too much to hold: from here on it is streamed. */
  async #overflow(chunk: Uint8Array): Promise<void> {
    this.#memory.hold(this, this.#heldOrStreamedBytes);
    await this.#streamed(chunk);
    this.#memory.wait(this);
  }

  async #streamed(chunk: Uint8Array): Promise<void> {
    if (this.#stream === undefined) {
      this.#hold(chunk);
      if (this.#headerEnd() < 0) {
        if (this.#heldLength <= HEADER_BYTES) return;
        if (this.#isSubmitted) throw new Refusal(552, '5.3.4', 'Message header is too large');
      }
      const first = await this.#completed();
      this.#stream = { body: this.#transaction.services.store.streamBody(), parser: new MessageParser() };
      await this.#pass(first, this.#stream);
      this.#held = NOTHING;
      this.#memory.hold(this, STREAM_BYTES);
      return;
    }
    if (this.#isObserved) for (const observer of this.#observers.values()) observer.body(chunk);
    const kept = this.#longHeader?.take(chunk) ?? chunk;
    if (kept.length > 0) await this.#pass(kept, this.#stream);
  }

  async #pass(chunk: Uint8Array, { body, parser }: { readonly body: BodyStream; readonly parser: MessageParser }): Promise<void> {
    this.#noteEightBit(chunk);
    parser.write(chunk);
    await body.write(chunk);
  }

  /** What is held, with the changes that stages make to the header; begins what observes the body. */
  async #completed(): Promise<Buffer> {
    const held = this.#held.subarray(0, this.#heldLength);
    const found = this.#headerEnd();
    // A message that ends within its header is one; one whose header is too long to be waited for is not.
    const hasCome = found >= 0 || this.#heldLength <= HEADER_BYTES;
    // Of one that is too long, the last field may still go on.
    const come = !hasCome ? lastFieldStart(held, this.#start) : found < 0 ? this.#heldLength : found;
    const { arrived, end } = this.#arrived(held, come, hasCome);
    const { isWhole } = arrived;
    const transaction = this.#transaction;
    for (const stage of transaction.stages) {
      if (this.#isSubmitted) {
        if (stage.submittedHeader) await stage.submittedHeader(transaction, arrived);
      } else if (stage.receivedHeader) await stage.receivedHeader(transaction, arrived);
    }
    const changed = arrived.changed();
    this.#beginObserving(this.#isSubmitted && changed !== undefined ? new Header(changed) : arrived.header, isWhole, held.subarray(end));
    if (isWhole) return changed === undefined ? held : Buffer.concat([held.subarray(0, this.#start), changed, held.subarray(end)]);
    const names = transaction.stages.flatMap(({ lateFields = [] }) => lateFields);
    const late = new LongHeader(names, (...field) => transaction.stages.some((stage) => stage.dropsLateField?.(transaction, ...field) === true));
    this.#longHeader = late;
    return Buffer.concat([held.subarray(0, this.#start), changed ?? arrived.header.bytes, late.take(held.subarray(end))]);
  }

  /** The header up to `end`, or only as many of its fields as are read. (On submission one with more is refused: ownership.ts.) */
  #arrived(held: Buffer, end: number, hasCome: boolean): { readonly arrived: ArrivedHeader; readonly end: number } {
    const arrived = new ArrivedHeader(held.subarray(this.#start, end), hasCome);
    const { header } = arrived;
    if (header.count < FIELD_LIMIT || this.#isSubmitted) return { arrived, end };
    const last = header.rawAt(header.count - 1);
    const readEnd = last.byteOffset + last.length - held.byteOffset;
    return { arrived: new ArrivedHeader(held.subarray(this.#start, readEnd), false), end: readEnd };
  }

  #beginObserving(header: Header, isWhole: boolean, body: Buffer): void {
    const observers = new Map<Stage, BodyObserver>();
    for (const stage of this.#transaction.stages) {
      const observer = stage.observe?.(this.#transaction, isWhole ? header : undefined);
      if (observer === undefined) continue;
      if (isWhole && body.length > 0) observer.body(body);
      observers.set(stage, observer);
    }
    this.#observers = observers;
    this.#isObserved = isWhole && observers.size > 0;
  }

  /** Where the header ends in what is held, its empty line included; -1 while that has not come. */
  #headerEnd(): number {
    // The line end of our own Received field counts: a message may begin with an empty line.
    const from = Math.max(this.#start - 2, this.#searched - END_OF_HEADER.length);
    const at = this.#held.subarray(0, this.#heldLength).indexOf(END_OF_HEADER, from);
    if (at >= 0) return at + END_OF_HEADER.length;
    this.#searched = this.#heldLength;
    return -1;
  }

  get #isSubmitted(): boolean {
    return this.#transaction.peer.identity !== undefined;
  }

  #noteEightBit(chunk: Uint8Array): void {
    if (!this.#isEightBit) this.#isEightBit = !isAscii(chunk);
  }
}

function messageIdOf({ header }: ParsedMessage): string | undefined {
  const id = parseMessageId(header.first('message-id'));
  return id === undefined ? undefined : `<${id}>`;
}
