/**
 * One message of an APPEND on its way in: parsed while it arrives, kept in memory if it is small, streamed to a segment if it is not.
 *
 * The octets are stored as they come, bare CR and LF included: what a client appended is what it reads back. Only NUL, which no literal may carry (RFC 9051 §4.3:
 * CHAR8), is refused in a literal, and in a literal8 taken out by another transfer encoding (RFC 3516 §4.4).
 */
import { MessageParser } from '#message/parse.ts';
import { parseMessageId } from '#message/message-id.ts';
import type { ParsedMessage } from '#message/part.ts';
import { prepare } from '#message/prepare.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import type { Body, StoredBody } from '#store/mutation.ts';
import type { BodyStream, Store } from '#store/store.ts';
import { ImapError } from '../command.ts';
import type { LiteralHeader } from '../wire/literal.ts';
import { withoutNul } from './binary-parts.ts';

/** From this size on a message goes to a segment while it arrives. */
const STREAM_BYTES = 64 * 1024;

export interface Uploaded {
  readonly message: PreparedMessage;
  readonly body: Body;
  /** With its angle brackets; empty where there is none. */
  readonly messageId: string;
}

export class Upload {
  readonly #store: Store;
  readonly #isBinary: boolean;
  readonly #parser = new MessageParser();
  readonly #stream: BodyStream | undefined;
  /** For a message that is kept in memory. */
  readonly #bytes: Buffer;
  #length = 0;
  #hasNul = false;

  constructor(store: Store, { sizeBytes, isBinary }: LiteralHeader, mayStayInMemory: boolean) {
    this.#store = store;
    this.#isBinary = isBinary;
    // A literal8 may need another encoding, for which it must be there whole.
    const isHeld = mayStayInMemory && (isBinary || sizeBytes <= STREAM_BYTES);
    this.#stream = isHeld ? undefined : store.streamBody();
    this.#bytes = Buffer.allocUnsafeSlow(isHeld ? sizeBytes : 0);
  }

  /** Octets of memory that the message holds until it is committed. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** Takes the next octets. Throws `disk-full` or `store-failed`. */
  async write(chunk: Buffer): Promise<void> {
    if (chunk.includes(0)) this.#hasNul = true;
    if (this.#stream === undefined) {
      this.#length += chunk.copy(this.#bytes, this.#length);
    } else if (!this.#hasNul) {
      this.#parser.write(chunk);
      await this.#stream.write(chunk);
    }
  }

  /** After the last octet: the message is on the disk, or in memory and small. Throws NO for one with NUL that cannot be kept, or only at a size above the limit. */
  async finish(limitBytes: number): Promise<Uploaded> {
    if (this.#hasNul && !this.#isBinary) throw new ImapError('NO', 'A message must not hold NUL, unless it comes as a literal8', 'CANNOT');
    if (this.#stream === undefined) {
      const bytes = this.#hasNul ? withoutNul(this.#bytes) : this.#bytes;
      if (bytes === undefined) throw new ImapError('NO', 'The NULs of this message cannot be encoded', 'UNKNOWN-CTE');
      if (bytes.length > limitBytes) throw new ImapError('NO', 'The message is too large once its NULs are encoded', 'TOOBIG');
      this.#parser.write(bytes);
      return { ...prepared(this.#parser.end()), body: bytes.length <= STREAM_BYTES ? { bytes } : await streamed(this.#store.streamBody(), bytes) };
    }
    if (this.#hasNul) throw new ImapError('NO', 'The message is too large for its NULs to be encoded', 'UNKNOWN-CTE');
    const made = prepared(this.#parser.end());
    return { ...made, body: await this.#stream.finish() };
  }

  /** Gives everything back. */
  async abort(): Promise<void> {
    await this.#stream?.abort();
  }
}

async function streamed(stream: BodyStream, bytes: Buffer): Promise<StoredBody> {
  try {
    await stream.write(bytes);
    return await stream.finish();
  } catch (error) {
    await stream.abort();
    throw error;
  }
}

function prepared(parsed: ParsedMessage): Pick<Uploaded, 'message' | 'messageId'> {
  const id = parseMessageId(parsed.header.first('message-id'));
  return { message: prepare(parsed), messageId: id === undefined ? '' : `<${id}>` };
}
