/**
 * What is done to mail that lies in mailboxes here, with a word in the trail of who did it: the store's own changes, and one row for each of them in the same
 * transaction. A slice of a thousand messages is one row (emails.ts).
 *
 * The doors use these instead of the store's mutations. Where there is nothing to tell (no message was concerned) nothing is written.
 */
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { type AppendArgs, append } from '#store/append.ts';
import type { AddedMessage } from '#store/add-message.ts';
import { type Copied, type CopiedEntries, type CopyArgs, copyEntries, moveEntries } from '#store/copy-messages.ts';
import { type DeleteMailboxArgs, deleteMailbox } from '#store/delete-mailbox.ts';
import { type ExpungeArgs, type Expunged, expungeEntries } from '#store/expunge.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';
import { changeFlags, type UpdatedFlags, type UpdateFlagsArgs } from '#store/update-flags.ts';
import { recordMail, type TrailDetails, type TrailEventName } from './record.ts';

/** Who does it, and from where. */
export interface Actor {
  readonly account: AccountId;
  /** As signed in. */
  readonly login: string;
  readonly door: 'imap' | 'pop3';
  /** Of the client. */
  readonly address: string;
}

/** What the trail needs to know besides. Names come from who asks, and knows them: to look them up here would cost as much as the row. */
export interface In {
  readonly actor: Actor;
  /** Of the mailbox that is changed. */
  readonly name: string;
}

export interface FromTo {
  readonly actor: Actor;
  readonly fromName: string;
  readonly toName: string;
}

/** The store's EXPUNGE; the trail: `deleted`. */
export const expungeBy: Mutation<ExpungeArgs & In, Expunged> = defineMutation('trail.expunge', function* (tx, args: ExpungeArgs & In) {
  const { modseq, uids, emails } = yield* expungeEntries(tx, args);
  yield* tellOf(tx, 'deleted', args, emails);
  return { modseq, uids };
});

/** The store's COPY; the trail: `filed`. Throws as that. */
export const copyBy: Mutation<CopyArgs & FromTo, Copied> = defineMutation('trail.copy', function* (tx, args: CopyArgs & FromTo) {
  return yield* tellTransfer(tx, 'filed', args, yield* copyEntries(tx, args));
});

/** The store's MOVE; the trail: `moved`. Throws as that. */
export const moveBy: Mutation<CopyArgs & FromTo, Copied> = defineMutation('trail.move', function* (tx, args: CopyArgs & FromTo) {
  return yield* tellTransfer(tx, 'moved', args, yield* moveEntries(tx, args));
});

/** The store's change of flags, for changes that set \Deleted; the trail: `marked`. Throws as that. */
export const markDeletedBy: Mutation<UpdateFlagsArgs & In, UpdatedFlags> = defineMutation('trail.markDeleted', function* (tx, args: UpdateFlagsArgs & In) {
  const { modseq, changed, stale, emails } = yield* changeFlags(tx, args);
  yield* tellOf(tx, 'marked', args, emails);
  return { modseq, changed, stale };
});

/** The store's DELETE of a mailbox; the trail: `deleted` for all that was in it, without a list of it. Throws as that. */
export const deleteMailboxBy: Mutation<DeleteMailboxArgs & In, Modseq> = defineMutation('trail.deleteMailbox', function* (tx, args: DeleteMailboxArgs & In) {
  const { account, mailbox, actor, name, nowMs } = args;
  const row = yield* one<{ readonly messages: number }>(sql`SELECT messages FROM mailbox WHERE mailbox = ${mailbox}`);
  const modseq = yield* deleteMailbox.program(tx, args);
  if (row !== undefined && row.messages > 0) {
    const details = { ...by(actor), mailbox: name, mailboxId: mailbox, isWholeMailbox: true, messages: row.messages };
    yield* recordMail(tx, { event: 'deleted', atMs: nowMs, by: actor.account, account, emails: [], details });
  }
  return modseq;
});

export interface AppendByArgs extends AppendArgs, In {
  /** Of each message, with its angle brackets; empty where it has none. */
  readonly messageIds: readonly string[];
}

/** The store's APPEND; the trail: `filed`, a row for each message, by whose Message-ID it is found. Throws as that. */
export const appendBy: Mutation<AppendByArgs, readonly AddedMessage[]> = defineMutation('trail.append', function* (tx, args: AppendByArgs) {
  const { account, actor, name, mailbox, nowMs, messageIds } = args;
  const added = yield* append.program(tx, args);
  const details = { ...by(actor), to: name, toId: mailbox };
  for (const [index, { email }] of added.entries())
    yield* recordMail(tx, { event: 'filed', atMs: nowMs, messageId: messageIds[index], by: actor.account, account, emails: [email], details });
  return added;
});

interface Told {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  readonly nowMs: number;
}

function* tellOf(tx: Tx, event: TrailEventName, { account, mailbox, actor, name, nowMs }: Told & In, emails: readonly number[]): Program<void> {
  if (emails.length === 0) return;
  const details = { ...by(actor), mailbox: name, mailboxId: mailbox };
  yield* recordMail(tx, { event, atMs: nowMs, by: actor.account, account, emails, details });
}

function* tellTransfer(tx: Tx, event: 'filed' | 'moved', args: CopyArgs & FromTo, { emails, ...copied }: CopiedEntries): Program<Copied> {
  const { account, actor, from, fromName, to, toName, nowMs } = args;
  if (emails.length > 0) {
    const details = { ...by(actor), from: fromName, fromId: from, to: toName, toId: to };
    yield* recordMail(tx, { event, atMs: nowMs, by: actor.account, account, emails, details });
  }
  return copied;
}

function by({ login, door, address }: Actor): TrailDetails {
  return { door, login, remote: address };
}
