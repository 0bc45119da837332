/**
 * Reading messages for a client that most often wants the next one: rows and bodies of what follows are read together, in windows that grow while the client
 * goes on in order. A message that has left INBOX meanwhile is still found by its email id until the store has freed its space.
 */
import { asBuffer } from '#core/bytes.ts';
import { DomainError } from '#core/errors.ts';
import type { BlobId, EmailId, MailboxId } from '#core/ids.ts';
import { one, type Program, rows, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import type { Snapshot } from './maildrop.ts';

/** A window's messages and octets at most; a larger message is read in pieces of this size. */
const WINDOW_MESSAGES = 256;
const WINDOW_BYTES = 1024 * 1024;
export const PIECE_BYTES: number = 256 * 1024;
/** What all windows of a thread may hold together: beyond, sessions read one message at a time. */
const THREAD_BYTES = 64 * 1024 * 1024;
let heldBytes = 0;

/** A message ready to be written: prefix, then body. */
export interface OpenMessage {
  /** What the server put before the body: Return-Path, Delivered-To. */
  readonly prefix: Buffer;
  /** Octets of the body's header with the empty line that ends it. */
  readonly headerBytes: number;
  readonly blob: BlobId;
  readonly bodyBytes: number;
  /** Undefined where it is too large to be held: read it in pieces. */
  readonly body: Buffer | undefined;
}

type MessageRow = readonly [uid: number, blob: number, size: number, headerSize: number, prefix: Uint8Array];

export class ReadAhead implements Disposable {
  readonly #store: Store;
  readonly #mailbox: MailboxId;
  readonly #snapshot: Snapshot;
  readonly #window = new Map<number, OpenMessage>();
  #heldBytes = 0;
  #reach = 1;
  #next = -1;

  constructor(store: Store, mailbox: MailboxId, snapshot: Snapshot) {
    this.#store = store;
    this.#mailbox = mailbox;
    this.#snapshot = snapshot;
  }

  /** A message by its place in the snapshot. Throws `message-expunged` when it is gone for good. */
  async open(index: number): Promise<OpenMessage> {
    const ready = this.#window.get(index);
    const message = ready ?? (await this.#load(index));
    this.#next = index + 1;
    this.#drop(index);
    return message;
  }

  [Symbol.dispose](): void {
    heldBytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#window.clear();
  }

  async #load(index: number): Promise<OpenMessage> {
    // Each window that was used up in order makes the next one larger.
    this.#reach = index === this.#next && heldBytes < THREAD_BYTES ? Math.min(this.#reach * 4, WINDOW_MESSAGES) : 1;
    this[Symbol.dispose]();
    const last = this.#windowEnd(index);
    const { uids } = this.#snapshot;
    const found = await this.#store.query(messagesBetween(this.#mailbox, uids[index] ?? 0, uids[last] ?? 0));
    const byUid = new Map(found.map((row) => [row[0], row]));
    const wanted: Array<readonly [number, MessageRow]> = [];
    for (let at = index; at <= last; at++) {
      const row = byUid.get(uids[at] ?? 0) ?? (at === index ? await this.#removedRow(at) : undefined);
      if (row) wanted.push([at, row]);
    }
    const isTooLarge = this.#sizeOf(index) > WINDOW_BYTES;
    const bodies = isTooLarge
      ? []
      : await this.#store.readBlobs(wanted.map(([, row]) => ({ blob: row[1] as BlobId, start: 0, length: row[2] - row[4].length })));
    for (const [place, [at, [, blob, size, headerBytes, prefix]]] of wanted.entries()) {
      this.#window.set(at, { prefix: asBuffer(prefix), headerBytes, blob: blob as BlobId, bodyBytes: size - prefix.length, body: bodies[place] });
      if (!isTooLarge) this.#hold(size);
    }
    const message = this.#window.get(index);
    if (message === undefined) throw new DomainError('message-expunged', 'the message is gone');
    return message;
  }

  /** The last message of a window that begins here. */
  #windowEnd(index: number): number {
    const end = Math.min(this.#snapshot.uids.length, index + this.#reach);
    let last = index;
    for (let bytes = this.#sizeOf(index); last + 1 < end; last++) {
      bytes += this.#sizeOf(last + 1);
      if (bytes > WINDOW_BYTES) break;
    }
    return last;
  }

  async #removedRow(index: number): Promise<MessageRow | undefined> {
    const email = (this.#snapshot.emails[index] ?? 0) as EmailId;
    return this.#store.query(messageByEmail(email));
  }

  #sizeOf(index: number): number {
    return this.#snapshot.sizes[index] ?? 0;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    heldBytes += bytes;
  }

  #drop(index: number): void {
    const message = this.#window.get(index);
    this.#window.delete(index);
    if (message?.body) this.#hold(-(message.prefix.length + message.bodyBytes));
  }
}

function* messagesBetween(mailbox: MailboxId, first: number, last: number): Program<readonly MessageRow[]> {
  return yield* rows<MessageRow>(sql`
    SELECT entry.uid, message.blob, message.size, message.header_size, message.prefix FROM entry JOIN message ON message.email = entry.email
    WHERE entry.mailbox = ${mailbox} AND entry.uid >= ${first} AND entry.uid <= ${last} ORDER BY entry.uid LIMIT ${WINDOW_MESSAGES}`);
}

function* messageByEmail(email: EmailId): Program<MessageRow | undefined> {
  const row = yield* one<{ readonly blob: number; readonly size: number; readonly header_size: number; readonly prefix: Uint8Array }>(sql`
    SELECT blob, size, header_size, prefix FROM message WHERE email = ${email}`);
  return row && [0, row.blob, row.size, row.header_size, row.prefix];
}
