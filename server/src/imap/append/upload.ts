/**
 * One message of an APPEND on its way in: parsed while it arrives, kept in memory if it is small, streamed to a segment if it is not.
 *
 * The octets are stored as they come, bare CR and LF included: what a client appended is what it reads back. Only NUL is refused, which no literal may carry
 * (RFC 9051 §4.3: CHAR8).
 */
import { MessageParser } from '#message/parse.ts';
import { parseMessageId } from '#message/message-id.ts';
import type { ParsedMessage } from '#message/part.ts';
import { prepare } from '#message/prepare.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import type { Body } from '#store/mutation.ts';
import type { BodyStream, Store } from '#store/store.ts';

/** From this size on a message goes to a segment while it arrives. */
const STREAM_BYTES = 64 * 1024;

export interface Uploaded {
  readonly message: PreparedMessage;
  readonly body: Body;
  /** With its angle brackets; empty where there is none. */
  readonly messageId: string;
}

export class Upload {
  readonly #parser = new MessageParser();
  readonly #stream: BodyStream | undefined;
  /** For a message that is kept in memory. */
  readonly #bytes: Buffer;
  #length = 0;
  /** Whether a NUL was among the octets. */
  hasNul = false;

  constructor(store: Store, sizeBytes: number, mayStayInMemory: boolean) {
    const isSmall = sizeBytes <= STREAM_BYTES && mayStayInMemory;
    this.#stream = isSmall ? undefined : store.streamBody();
    this.#bytes = Buffer.allocUnsafeSlow(isSmall ? sizeBytes : 0);
  }

  /** Octets of memory that the message holds until it is committed. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** Takes the next octets. Throws `disk-full` or `store-failed`. */
  async write(chunk: Buffer): Promise<void> {
    if (chunk.includes(0)) this.hasNul = true;
    if (this.hasNul) return;
    if (this.#stream === undefined) {
      this.#length += chunk.copy(this.#bytes, this.#length);
    } else {
      this.#parser.write(chunk);
      await this.#stream.write(chunk);
    }
  }

  /** After the last octet: the message is on the disk, or in memory and small. */
  async finish(): Promise<Uploaded> {
    if (this.#stream === undefined) {
      this.#parser.write(this.#bytes);
      return { ...prepared(this.#parser.end()), body: { bytes: this.#bytes } };
    }
    const made = prepared(this.#parser.end());
    const { blob, length } = await this.#stream.finish();
    return { ...made, body: { blob, length } };
  }

  /** Gives everything back. */
  async abort(): Promise<void> {
    await this.#stream?.abort();
  }
}

function prepared(parsed: ParsedMessage): Pick<Uploaded, 'message' | 'messageId'> {
  const id = parseMessageId(parsed.header.first('message-id'));
  return { message: prepare(parsed), messageId: id === undefined ? '' : `<${id}>` };
}
