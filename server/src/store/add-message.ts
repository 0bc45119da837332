/** How a message gets into a mailbox: the program that delivery, APPEND and import share. Part of a mutation. */
import { DomainError } from '#core/errors.ts';
import { type AccountId, accountOf, type EmailId, idWithin, type MailboxId, type Modseq, type ThreadId, type Uid } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { keepBody } from './blob-refs.ts';
import { DELETED, hasFlag, SEEN, union } from './flags.ts';
import { addUses, allocateKeywords, countKeywords } from './keywords.ts';
import type { StoredBody, Tx } from './mutation.ts';
import { one, type Program, run, sql } from './sql.ts';

export interface NewMessage {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  readonly message: PreparedMessage;
  /** Index into the mutation's bodies. */
  readonly body: number;
  /** What the server puts before the body for this recipient; empty for APPEND. */
  readonly prefix: Uint8Array;
  /** System flags, as bits. */
  readonly flags: number;
  /** Keywords by name; unknown ones are allocated. */
  readonly keywords?: readonly string[];
  /** INTERNALDATE. */
  readonly receivedAtMs: number;
  /** SAVEDATE: now. */
  readonly savedAtMs: number;
}

export interface AddedMessage {
  readonly email: EmailId;
  readonly thread: ThreadId;
  readonly mailbox: MailboxId;
  readonly uid: Uid;
  readonly uidValidity: number;
  readonly modseq: Modseq;
}

/** Stores a message and files it into one mailbox. Throws `mailbox-not-found`, `mailbox-not-selectable`, `account-not-found`, `keyword-limit`. */
export function* addMessage(tx: Tx, added: NewMessage): Program<AddedMessage> {
  const body = yield* keepMessage(tx, added.message, added.body, 1);
  return yield* addCopy(tx, body, added);
}

/** Stores what all copies of a message share: references to its body, what was prepared of it. Each of the copies is then one `addCopy`. */
export function* keepMessage(tx: Tx, message: PreparedMessage, bodyIndex: number, copies: number): Program<StoredBody> {
  const body = tx.bodies[bodyIndex];
  if (!body) throw new Error(`the mutation has no body ${bodyIndex}`);
  if (body.length !== message.sizeBytes) throw new Error(`a body of ${body.length} octets came with a message of ${message.sizeBytes}`);
  yield* keepBody(body, copies);
  yield* run(
    sql`INSERT INTO prepared (body, envelope, body_structure, fields, structure, subject_key, preview)
        VALUES (${body.blob}, ${message.envelope}, ${message.bodyStructure}, ${message.fields}, ${message.structure}, ${message.subjectKey}, ${message.preview})
        ON CONFLICT (body) DO NOTHING`,
  );
  return body;
}

/** A copy of a message that `keepMessage` has stored, for one mailbox. Throws as `addMessage`. */
export function* addCopy(tx: Tx, body: StoredBody, added: Omit<NewMessage, 'body'>): Program<AddedMessage> {
  const { account, message, prefix } = added;
  const flags = union(added.flags, yield* allocateKeywords(account, added.keywords ?? []));
  const size = prefix.length + message.sizeBytes;

  const { modseq, nextEmail } = yield* advanceAccount(account, { bytes: size, messages: 1, emails: 1 });
  const email = idWithin<EmailId>(account, nextEmail);
  const thread = (yield* findThread(account, message.threadHashes)) ?? (email as number as ThreadId);
  const { uid, uidValidity } = yield* takeUid(account, added.mailbox, flags, size, modseq);
  yield* run(
    sql`INSERT INTO message (email, thread, blob, size, received_at, sent_at, header_size, has_attachment, prefix, home_mailbox, home_uid)
        VALUES (${email}, ${thread}, ${body.blob}, ${size}, ${added.receivedAtMs}, ${message.sentAtMs ?? null}, ${message.headerBytes}, ${message.hasAttachment ? 1 : 0}, ${prefix},
          ${added.mailbox}, ${uid})`,
  );
  for (const hash of message.threadHashes)
    yield* run(sql`INSERT INTO thread_key (account, hash, thread) VALUES (${account}, ${hash}, ${thread}) ON CONFLICT (account, hash) DO NOTHING`);
  yield* insertEntry({ mailbox: added.mailbox, uid, email, flags, modseq, size, savedAtMs: added.savedAtMs, hasArrived: true, isAgain: false });
  yield* countUses(account, flags);
  yield* logChange({ account, modseq, mailbox: added.mailbox, kind: 'append', uids: String(uid), nowMs: added.savedAtMs });
  tx.hint(account, modseq);
  return { email, thread, mailbox: added.mailbox, uid, uidValidity, modseq };
}

/** Files a message that is already stored into one more mailbox of its account (Sieve `fileinto` twice, JMAP mailboxIds). */
export function* fileMessage(
  tx: Tx,
  filed: {
    readonly account: AccountId;
    readonly mailbox: MailboxId;
    readonly email: EmailId;
    readonly flags: number;
    readonly keywords?: readonly string[];
    readonly savedAtMs: number;
  },
): Program<AddedMessage> {
  const { account, mailbox, email } = filed;
  const found = yield* one<{ size: number; thread: number }>(sql`SELECT size, thread FROM message WHERE email = ${email}`);
  if (!found || accountOf(email) !== account) throw new DomainError('message-not-found', 'there is no such message', { email });
  const flags = union(filed.flags, yield* allocateKeywords(account, filed.keywords ?? []));
  const isThere = yield* one(sql`SELECT 1 AS yes FROM entry_of_message WHERE email = ${email} AND mailbox = ${mailbox} LIMIT 1`);
  const { modseq } = yield* advanceAccount(account, { bytes: found.size, messages: 1 });
  const { uid, uidValidity } = yield* takeUid(account, mailbox, flags, found.size, modseq);
  yield* insertEntry({ mailbox, uid, email, flags, modseq, size: found.size, savedAtMs: filed.savedAtMs, hasArrived: false, isAgain: isThere !== undefined });
  yield* countUses(account, flags);
  yield* logChange({ account, modseq, mailbox, kind: 'append', uids: String(uid), nowMs: filed.savedAtMs });
  tx.hint(account, modseq);
  return { email, thread: found.thread as ThreadId, mailbox, uid, uidValidity, modseq };
}

/** Counts a message of these flags and size in the mailbox, and takes the next uid. */
function* takeUid(
  account: AccountId,
  mailbox: MailboxId,
  flags: number,
  size: number,
  modseq: Modseq,
): Program<{ readonly uid: Uid; readonly uidValidity: number }> {
  const row = yield* one<{ uid: number; uidvalidity: number; selectable: number }>(
    sql`UPDATE mailbox SET uidnext = uidnext + 1, messages = messages + 1, unseen = unseen + ${hasFlag(flags, SEEN) ? 0 : 1},
          deleted = deleted + ${hasFlag(flags, DELETED) ? 1 : 0}, bytes = bytes + ${size}, highest_modseq = ${modseq}
        WHERE mailbox = ${mailbox} AND account = ${account} RETURNING uidnext - 1 AS uid, uidvalidity, selectable`,
  );
  if (!row) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox });
  if (row.selectable === 0) throw new DomainError('mailbox-not-selectable', 'the mailbox cannot hold messages', { mailbox });
  return { uid: row.uid as Uid, uidValidity: row.uidvalidity };
}

interface NewEntry {
  readonly mailbox: MailboxId;
  readonly uid: Uid;
  readonly email: EmailId;
  readonly flags: number;
  readonly modseq: Modseq;
  readonly size: number;
  readonly savedAtMs: number;
  /** The message names this entry, so that it is found without an index. */
  readonly hasArrived: boolean;
  /** The mailbox holds that message already. */
  readonly isAgain: boolean;
}

function* insertEntry({ mailbox, uid, email, flags, modseq, size, savedAtMs, hasArrived, isAgain }: NewEntry): Program<void> {
  yield* run(
    sql`INSERT INTO entry (mailbox, uid, email, flags, modseq, size, saved_at, uidl, arrived)
        VALUES (${mailbox}, ${uid}, ${email}, ${flags}, ${modseq}, ${size}, ${savedAtMs}, ${isAgain ? 1 : 0}, ${hasArrived ? 1 : 0})`,
  );
}

function* countUses(account: AccountId, flags: number): Program<void> {
  const uses = new Map<number, number>();
  addUses(uses, flags, 1);
  yield* countKeywords(account, uses);
}

/** The conversation that a message joins: the first of its hashes that is known. Never merged later. */
function* findThread(account: AccountId, hashes: readonly number[]): Program<ThreadId | undefined> {
  for (const hash of hashes) {
    const row = yield* one<{ thread: number }>(sql`SELECT thread FROM thread_key WHERE account = ${account} AND hash = ${hash}`);
    if (row) return row.thread as ThreadId;
  }
  return undefined;
}
