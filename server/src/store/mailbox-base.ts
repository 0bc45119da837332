/**
 * The table of one mailbox, shared by all sessions of a thread: parallel arrays ordered by uid, kept current from the change log. IMAP views, POP3
 * snapshots and searches lie over it. It tells its listeners what changed; it never waits for them.
 */
import type { EmailId, MailboxId, Modseq, Uid } from '#core/ids.ts';

/** A message that has just left the mailbox: what a view needs to go on serving it until the client may be told. */
export interface GoneMessage {
  readonly uid: Uid;
  readonly email: EmailId;
  readonly flags: number;
  readonly modseq: Modseq;
  readonly size: number;
}

/** What one refresh changed. Indexes are positions in the arrays after the refresh. */
export interface MailboxChange {
  /** First index of newly arrived messages; equals `length` when there are none. */
  readonly firstNew: number;
  /** Messages whose flags or modseq changed (not the new ones), ascending. */
  readonly changed: readonly Uid[];
  /** Messages that left, ascending by uid. */
  readonly gone: readonly GoneMessage[];
  /** Whether the mailbox itself was deleted. */
  readonly deleted: boolean;
}

export interface MailboxBase extends Disposable {
  readonly mailbox: MailboxId;
  /** Number of messages; the arrays may be longer than that. */
  readonly length: number;
  readonly uids: Uint32Array;
  readonly emails: Float64Array;
  /** Flag sets as numbers: see flags.ts. */
  readonly flags: Float64Array;
  readonly modseqs: Float64Array;
  readonly sizes: Uint32Array;
  readonly uidNext: number;
  readonly uidValidity: number;
  readonly highestModseq: Modseq;
  /** The account's modseq up to which this table is true. */
  readonly atModseq: Modseq;
  /** Position of a uid, or -1. O(log n). */
  indexOf(uid: number): number;
  /** First position whose uid is >= the given one. O(log n). */
  lowerBound(uid: number): number;
  /** Brings the table up to the newest committed change, synchronously; listeners are called before it returns. O(changes). */
  refresh(): void;
  /** Called after each refresh that changed something; refreshes happen by themselves soon after each hint. */
  onChange(listener: (change: MailboxChange) => void): Disposable;
}
