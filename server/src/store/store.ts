/**
 * The waist of the house: what every room above sees of the store. One per thread; reads use the thread's own read-only connection, writes go to the
 * one writer. Nothing above imports from `sqlite/` or `blobs/` (the composition root opens the store and hands it on).
 */
import type { AccountId, BlobId, MailboxId, Modseq } from '#core/ids.ts';
import type { MailboxBase } from './mailbox-base.ts';
import type { Body, Mutation, StoredBody, Topic } from './mutation.ts';
import type { Program } from './sql.ts';

export interface Store extends AsyncDisposable {
  /**
   * Runs a mutation in the writer and resolves after it is durable (body segments and database synced).
   * Throws the mutation's own DomainError, or `disk-full` / `store-failed` / `shutting-down` (all temporary), in which case nothing of it remains.
   */
  commit<Args, Result>(mutation: Mutation<Args, Result>, args: Args, bodies?: readonly Body[]): Promise<Result>;

  /** Runs a reading program on this thread, in one short read transaction that ends before the promise resolves. */
  query<Result>(program: Program<Result>): Promise<Result>;

  /** Begins a body that is too large to hold (over 64 KiB): streamed into this thread's own segment while it arrives. */
  streamBody(): BodyStream;

  /** Bytes [start, start + length) of a body. Throws `message-expunged` when its space has been freed. */
  readBlob(blob: BlobId, start: number, length: number): Promise<Buffer>;

  /** Many whole or partial bodies at once, in the order asked; neighbours in a segment are read together. Sum of lengths at most 8 MiB. */
  readBlobs(ranges: readonly BlobRange[]): Promise<readonly Buffer[]>;

  /** The shared, always current table of (uid, email, flags, modseq, size) of a mailbox on this thread; kept while somebody holds it. Throws `mailbox-not-found`. */
  openMailbox(mailbox: MailboxId): Promise<MailboxBase>;

  /** Calls back, soon after each commit that changed the account, on this thread, with the newest modseq. A lost hint only delays: read the change log. */
  onChange(account: AccountId, listener: (modseq: Modseq) => void): Disposable;

  /** Calls back after each commit that notified the topic. */
  onNotify(topic: Topic, listener: () => void): Disposable;
}

export interface BlobRange {
  readonly blob: BlobId;
  readonly start: number;
  readonly length: number;
}

/** A body on its way to the disk. */
export interface BodyStream {
  /** Resolves when the bytes were handed to the file (back-pressure). Throws `disk-full` or `store-failed`. */
  write(chunk: Uint8Array): Promise<void>;
  /** Syncs what was written (and the directory of a new file); the body can now be named in `commit`. */
  finish(): Promise<StoredBody>;
  /** Gives the space back. */
  abort(): Promise<void>;
}
