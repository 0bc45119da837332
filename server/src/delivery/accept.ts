/**
 * The one mutation that takes a message in: an entry in a mailbox of every local recipient, queue entries for those elsewhere, and the trail. All or nothing.
 * ARCHITECTURE "Four promises"
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, EmailId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { enqueue, type Outgoing } from '#queue/enqueue.ts';
import { countSubmitted, type Submission } from '#queue/limits/count-submitted.ts';
import { noteReportMail, type ReportMailKind } from '#queue/reports/intake.ts';
import { addCopy, keepMessage } from '#store/add-message.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';
import { type DetailsText, detailsText, record, type TrailRecipient } from '#trail/record.ts';
import { type ForwardingArgs, passedOnRecipients, recordForwarding } from './forwarding/record-forwarding.ts';
import { junkMailbox } from './junk-mailbox.ts';
import { reportsMailbox } from './reports-mailbox.ts';
import { formatPath } from './path-text.ts';
import type { LocalMailbox } from './targets.ts';

export interface AcceptArgs {
  /** The first local recipient, for fairness among accounts in the writer. */
  readonly account: AccountId | undefined;
  readonly message: PreparedMessage;
  readonly local: readonly TargetedCopy[];
  /** Whether who hands the message over hears about each recipient: else it is taken for all of them or for none. */
  readonly isEachTold: boolean;
  /** What goes elsewhere: the message as it was submitted, under the id of `origin`, and what forwards make of it, each under an id of its own. */
  readonly outgoing: readonly Outgoing[];
  readonly origin: Origin;
  /** Header fields, each ended by CRLF, in front of each copy filed here. */
  readonly addedFields?: string;
  /** What it adds to the counts of who submits it; undefined for mail that nobody here submits. */
  readonly submission?: Submission | undefined;
  /** What forwards make of it. */
  readonly forwarding?: ForwardingArgs | undefined;
  /** The author's domain, where it is proved. */
  readonly authenticDomain?: string | undefined;
  /** For who submitted the message. */
  readonly notice: Notice | undefined;
  readonly nowMs: number;
}

export interface LocalCopy {
  readonly account: AccountId;
  /** What stands in Delivered-To. */
  readonly address: string;
}

/** Where it is filed; INBOX if nothing is said. */
export interface TargetedCopy extends LocalCopy {
  readonly mailbox?: LocalMailbox;
  /** It is to be read as a report. */
  readonly report?: ReportMailKind | undefined;
}

/** A notice about the message, the second body: filed for the account that asked for it. */
export interface Notice extends LocalCopy {
  readonly id: string;
  readonly message: PreparedMessage;
}

/** The protocol of mail that the server itself has written. */
const INTERNAL = 'internal';

/** What the trail tells of such mail. */
export function internalDetails(sizeBytes: number): DetailsText {
  return detailsText({ protocol: INTERNAL, size: sizeBytes });
}

/** Where the message comes from, for the trail and for Return-Path. */
export interface Origin {
  /** The id of the reply. */
  readonly id: string;
  /** Reverse-path; empty for the null one. */
  readonly sender: string;
  /** With its angle brackets. */
  readonly messageId: string | undefined;
  /** What else the trail tells of its arrival: `arrivalDetails`. */
  readonly details: DetailsText;
  /** Who submitted it. */
  readonly submitter: AccountId | undefined;
}

/**
 * The accounts that have gone since their address was accepted; nothing could be delivered to them. Throws `sending-limited`, `account-not-found` when nobody is left, and
 * `mailbox-not-found` when somebody is and the client could not be told of the others: it comes again, and hears at RCPT who has gone.
 */
export const accept: Mutation<AcceptArgs, readonly AccountId[]> = defineMutation('delivery.accept', function* (tx, args: AcceptArgs) {
  const { outgoing, local, message, origin, nowMs, addedFields = '' } = args;
  if (args.submission !== undefined) yield* countSubmitted(tx, args.submission, nowMs);
  const gone: AccountId[] = [];
  const copies: FiledCopy[] = [];
  for (const { account, address, mailbox: wanted = 'INBOX', report } of local) {
    const inbox = yield* findInbox(account);
    if (inbox === undefined) gone.push(account);
    else copies.push({ account, address, mailbox: yield* mailboxOf(tx, account, inbox, wanted, nowMs), name: wanted, report });
  }
  if (gone.length > 0 && !args.isEachTold && (copies.length > 0 || outgoing.length > 0)) {
    throw new DomainError('mailbox-not-found', 'an account was removed while the message came in');
  }
  const emails = yield* file(tx, copies, { message, body: 0, sender: origin.sender, addedFields, nowMs });
  const recipients: TrailRecipient[] = copies.map(({ address, account, name }, index) => ({ address, account, email: emails[index], mailbox: name }));
  for (const [index, { report: kind }] of copies.entries()) {
    const email = emails[index];
    if (kind !== undefined && email !== undefined) yield* noteReportMail(tx, { email, kind, origin: args.authenticDomain ?? '', receivedAtMs: nowMs });
  }
  for (const each of outgoing) yield* enqueue(tx, each);
  const { forwarding } = args;
  if (outgoing.length === 0 && recipients.length === 0 && (forwarding?.codes.length ?? 0) === 0)
    throw new DomainError('account-not-found', 'the recipients are gone');

  const { id: queueId, messageId, sender, submitter: by } = origin;
  const remote = outgoing.filter((each) => each.queueId === queueId).flatMap(remoteRecipients);
  yield* record(tx, {
    event: 'received',
    atMs: nowMs,
    queueId,
    messageId,
    by,
    sender,
    recipients: [...recipients, ...passedOnRecipients(forwarding), ...remote],
    details: origin.details,
  });
  if (forwarding !== undefined) yield* recordForwarding(tx, forwarding, origin, nowMs);
  for (const each of outgoing) {
    const origin = each.queueId === queueId ? {} : { details: { of: queueId } };
    const event = { event: 'queued', atMs: nowMs, queueId: each.queueId, messageId, by: each.account, sender: each.sender, ...origin } as const;
    yield* record(tx, { ...event, recipients: remoteRecipients(each) });
  }
  if (args.notice !== undefined) yield* fileNotice(tx, args.notice, nowMs);
  return gone;
});

function remoteRecipients({ recipients }: Outgoing): readonly TrailRecipient[] {
  return recipients.map((recipient) => ({ address: formatPath(recipient) }));
}

interface FiledCopy extends LocalCopy {
  readonly mailbox: MailboxId;
  readonly name: LocalMailbox;
  readonly report?: ReportMailKind | undefined;
}

interface FiledMessage {
  readonly message: PreparedMessage;
  readonly body: number;
  readonly sender: string;
  readonly addedFields: string;
  readonly nowMs: number;
}

/** One message, a copy of it for each: the emails in that order. */
function* file(tx: Tx, copies: readonly FiledCopy[], { message, body, sender, addedFields, nowMs }: FiledMessage): Program<readonly EmailId[]> {
  if (copies.length === 0) return [];
  const kept = yield* keepMessage(tx, message, body, copies.length);
  const emails: EmailId[] = [];
  for (const { account, address, mailbox } of copies) {
    const prefix = Buffer.from(`Return-Path: <${sender}>\r\nDelivered-To: ${address}\r\n${addedFields}`);
    const { email } = yield* addCopy(tx, kept, { account, mailbox, message, prefix, flags: 0, receivedAtMs: nowMs, savedAtMs: nowMs });
    emails.push(email);
  }
  return emails;
}

function* fileNotice(tx: Tx, { id, account, address, message }: Notice, nowMs: number): Program<void> {
  const mailbox = yield* findInbox(account);
  if (mailbox === undefined) return;
  const [email] = yield* file(tx, [{ account, address, mailbox, name: 'INBOX' }], { message, body: 1, sender: '', addedFields: '', nowMs });
  const details = internalDetails(message.sizeBytes);
  yield* record(tx, { event: 'received', atMs: nowMs, queueId: id, sender: '', recipients: [{ address, account, email, mailbox: 'INBOX' }], details });
}

function* mailboxOf(tx: Tx, account: AccountId, inbox: MailboxId, wanted: LocalMailbox, nowMs: number): Program<MailboxId> {
  switch (wanted) {
    case 'INBOX':
      return inbox;
    case 'Junk':
      return yield* junkMailbox(tx, account, inbox, nowMs);
    case 'Reports':
      return yield* reportsMailbox(tx, account, inbox, nowMs);
  }
}

function* findInbox(account: AccountId): Program<MailboxId | undefined> {
  const row = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  return row?.mailbox;
}
