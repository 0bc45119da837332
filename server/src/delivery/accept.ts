/**
 * The one mutation that takes a message in: an entry in every local recipient's INBOX, a queue entry for those elsewhere, and the trail. All or nothing.
 * ARCHITECTURE "Four promises"
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { enqueue, type Outgoing } from '#queue/enqueue.ts';
import { addMessage } from '#store/add-message.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';
import { formatPath } from './path-text.ts';

export interface AcceptArgs {
  /** The first local recipient, for fairness among accounts in the writer. */
  readonly account: AccountId | undefined;
  readonly message: PreparedMessage;
  readonly local: readonly LocalCopy[];
  readonly outgoing: Outgoing | undefined;
  readonly origin: Origin;
  readonly nowMs: number;
}

export interface LocalCopy {
  readonly account: AccountId;
  /** What stands in Delivered-To. */
  readonly address: string;
}

/** Where the message comes from, for the trail and for Return-Path. */
export interface Origin {
  /** The id of the reply. */
  readonly id: string;
  /** Reverse-path; empty for the null one. */
  readonly sender: string;
  /** With its angle brackets. */
  readonly messageId: string | undefined;
  /** The word of Received, or `internal` for mail of the server itself. */
  readonly protocol: string;
  readonly remoteAddress: string;
  /** Who submitted it. */
  readonly submitter: AccountId | undefined;
}

/** The accounts that have gone since their address was accepted; nothing could be delivered to them. Throws `account-not-found` when nobody is left. */
export const accept: Mutation<AcceptArgs, readonly AccountId[]> = defineMutation('delivery.accept', function* (tx, args: AcceptArgs) {
  const { outgoing, local } = args;
  const gone: AccountId[] = [];
  const accounts: AccountId[] = [];
  for (const copy of local) {
    const isFiled = yield* file(tx, copy, args);
    (isFiled ? accounts : gone).push(copy.account);
  }
  if (outgoing !== undefined) yield* enqueue(tx, outgoing);
  else if (accounts.length === 0) throw new DomainError('account-not-found', 'the recipients are gone');
  yield* recordReceived(tx, args, accounts);
  if (outgoing !== undefined) yield* recordQueued(tx, args, outgoing);
  return gone;
});

/** One recipient's copy, and its line in that account's trail. Returns whether there is still a mailbox for it. */
function* file(tx: Tx, { account, address }: LocalCopy, { message, nowMs, origin }: AcceptArgs): Program<boolean> {
  const mailbox = yield* findInbox(account);
  if (mailbox === undefined) return false;
  const prefix = Buffer.from(`Return-Path: <${origin.sender}>\r\nDelivered-To: ${address}\r\n`);
  const { email } = yield* addMessage(tx, { account, mailbox, message, body: 0, prefix, flags: 0, receivedAtMs: nowMs, savedAtMs: nowMs });
  const { id: queueId, messageId, sender } = origin;
  yield* record(tx, { event: 'filed', atMs: nowMs, account, queueId, email, messageId, details: { mailbox: 'INBOX', sender, recipient: address } });
  return true;
}

function* recordReceived(tx: Tx, { origin, message, nowMs }: AcceptArgs, accounts: readonly AccountId[]): Program<void> {
  const { id: queueId, sender, messageId, protocol, remoteAddress, submitter } = origin;
  const details = { sender, accounts, protocol, remote: remoteAddress, size: message.sizeBytes, ...(submitter !== undefined && { submitter }) };
  yield* record(tx, { event: 'received', atMs: nowMs, account: undefined, queueId, messageId, keys: [messageId, queueId, sender], details });
}

function* recordQueued(tx: Tx, { origin, nowMs }: AcceptArgs, outgoing: Outgoing): Program<void> {
  const { id: queueId, messageId } = origin;
  const recipients = outgoing.recipients.map((recipient) => formatPath(recipient));
  yield* record(tx, {
    event: 'queued',
    atMs: nowMs,
    account: undefined,
    queueId,
    messageId,
    keys: [queueId, messageId, ...recipients],
    details: { recipients },
  });
}

function* findInbox(account: AccountId): Program<MailboxId | undefined> {
  const row = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  return row?.mailbox;
}
