/**
 * Identifiers, branded so that one kind cannot pass for another, and the forms in which clients see them.
 *
 * The account is the high part of every id below it (`account * 2^30 + n`): an id names its account without a look-up, ids are unique on the
 * whole server, rows of one account lie together, and every key starts with the account in any engine. 2^23 accounts, 2^30 messages each: the
 * product stays a safe integer.
 *
 * RFC 8474 (OBJECTID) · RFC 8620 §1.2 (Id)
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** An account: 1 to 2^23 - 1, never used again. */
export type AccountId = Branded<number, 'account'>;
/** A mailbox; names its account (`accountOf`). */
export type MailboxId = Branded<number, 'mailbox'>;
/** A message as JMAP and OBJECTID know it: the same in every mailbox that holds a copy; names its account. */
export type EmailId = Branded<number, 'email'>;
/** A conversation: the EmailId of the message that began it. */
export type ThreadId = Branded<number, 'thread'>;
/** A stored body: the place where it was first written (`segment * 2^28 + offset`), which is never used again. */
export type BlobId = Branded<number, 'blob'>;
/** A message in a mailbox, RFC 9051 §2.3.1.1: 1 to 2^32 - 1. */
export type Uid = Branded<number, 'uid'>;
/** A modification sequence number of an account, RFC 7162: grows with every change. */
export type Modseq = Branded<number, 'modseq'>;

const SPAN = 2 ** 30;

/** The id of the n-th object (from 1) of an account. */
export function idWithin<Id extends MailboxId | EmailId | ThreadId>(account: AccountId, n: number): Id {
  return (account * SPAN + n) as Id;
}

/** The account that an id belongs to. */
export function accountOf(id: MailboxId | EmailId | ThreadId): AccountId {
  return Math.floor(id / SPAN) as AccountId;
}

/** The smallest and the largest id that an account can have: for range queries. */
export function idRange(account: AccountId): { readonly first: number; readonly last: number } {
  return { first: account * SPAN, last: (account + 1) * SPAN - 1 };
}

export type ObjectKind = 'mailbox' | 'email' | 'thread';
const LETTER: Readonly<Record<ObjectKind, string>> = { mailbox: 'F', email: 'M', thread: 'T' };

/** The id as IMAP (MAILBOXID, EMAILID, THREADID) and JMAP show it: a letter for the kind and the number in base 36. */
export function objectId(kind: ObjectKind, id: MailboxId | EmailId | ThreadId): string {
  return LETTER[kind] + id.toString(36);
}

/** Reads what `objectId` wrote; undefined for anything else. */
export function parseObjectId(kind: ObjectKind, text: string): number | undefined {
  if (text.length < 2 || text.length > 12 || text[0] !== LETTER[kind] || !/^[0-9a-z]+$/.test(text.slice(1))) return undefined;
  const id = Number.parseInt(text.slice(1), 36);
  return Number.isSafeInteger(id) && objectId(kind, id as EmailId) === text ? id : undefined;
}
