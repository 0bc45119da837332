/** The octets of a queued message: what was put before its body, and the body. */
import type { Store } from '#store/store.ts';
import type { QueuedMessage } from './queue-rows.ts';

/** A body up to this size is read once for all that ask. */
const WHOLE_LIMIT = 256 * 1024;

export class MessageContent {
  readonly sizeBytes: number;
  readonly #store: Store;
  readonly #message: QueuedMessage;
  #body: Promise<Buffer> | undefined;

  constructor(store: Store, message: QueuedMessage) {
    this.#store = store;
    this.#message = message;
    this.sizeBytes = message.prefix.length + message.bodyBytes;
  }

  /** The octets [start, start + length). Throws what the store throws. */
  async read(start: number, length: number): Promise<Uint8Array> {
    const { prefix } = this.#message;
    const end = Math.min(start + length, this.sizeBytes);
    if (start >= prefix.length) return await this.#readBody(start - prefix.length, end - start);
    const head = prefix.subarray(start, Math.min(end, prefix.length));
    if (end <= prefix.length) return head;
    return Buffer.concat([head, await this.#readBody(0, end - prefix.length)]);
  }

  async #readBody(start: number, length: number): Promise<Uint8Array> {
    const { blob, bodyBytes } = this.#message;
    if (bodyBytes > WHOLE_LIMIT) return await this.#store.readBlob(blob, start, length);
    this.#body ??= this.#store.readBlob(blob, 0, bodyBytes);
    const body = await this.#body;
    return length === body.length ? body : body.subarray(start, start + length);
  }
}
