/** The octets of a queued message: signatures made for this attempt, what was put before its body, and the body. */
import type { Store } from '#store/store.ts';
import type { QueuedMessage } from './queue-rows.ts';
import type { OutgoingContent } from './settings.ts';

/** A body up to this size is read once for all that ask. */
const WHOLE_LIMIT = 256 * 1024;

/** Makes header fields that go in front. */
export type Sign = (message: QueuedMessage, content: OutgoingContent) => Promise<Uint8Array>;

export class MessageContent implements OutgoingContent {
  readonly #store: Store;
  readonly #message: QueuedMessage;
  #head: Uint8Array;
  #signing: Promise<void> | undefined;
  #signatureBytes = 0;
  #body: Promise<Buffer> | undefined;

  constructor(store: Store, message: QueuedMessage) {
    this.#store = store;
    this.#message = message;
    this.#head = message.prefix;
  }

  get sizeBytes(): number {
    return this.#head.length + this.#message.bodyBytes;
  }

  /** Octets at the beginning that are signatures. */
  get signatureBytes(): number {
    return this.#signatureBytes;
  }

  /** Signs once for all who share this content; after a failure the next one tries again. Throws what `sign` throws. */
  async sign(sign: Sign): Promise<void> {
    this.#signing ??= this.#sign(sign);
    try {
      await this.#signing;
    } catch (error) {
      this.#signing = undefined;
      throw error;
    }
  }

  /** The octets [start, start + length). Throws what the store throws. */
  async read(start: number, length: number): Promise<Uint8Array> {
    const head = this.#head;
    const end = Math.min(start + length, this.sizeBytes);
    if (start >= head.length) return await this.#readBody(start - head.length, end - start);
    const first = head.subarray(start, Math.min(end, head.length));
    if (end <= head.length) return first;
    return Buffer.concat([first, await this.#readBody(0, end - head.length)]);
  }

  async #sign(sign: Sign): Promise<void> {
    const fields = await sign(this.#message, this);
    if (fields.length === 0) return;
    this.#signatureBytes = fields.length;
    this.#head = Buffer.concat([fields, this.#message.prefix]);
  }

  async #readBody(start: number, length: number): Promise<Uint8Array> {
    const { blob, bodyBytes } = this.#message;
    if (bodyBytes > WHOLE_LIMIT) return await this.#store.readBlob(blob, start, length);
    this.#body ??= this.#store.readBlob(blob, 0, bodyBytes);
    const body = await this.#body;
    return length === body.length ? body : body.subarray(start, start + length);
  }
}
