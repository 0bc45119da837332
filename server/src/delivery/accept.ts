/**
 * The one mutation that takes a message in: an entry in every local recipient's INBOX, a queue entry for those elsewhere, and the trail. All or nothing.
 * ARCHITECTURE "Four promises"
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { enqueue, type Outgoing } from '#queue/enqueue.ts';
import { addMessage } from '#store/add-message.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';

export interface AcceptArgs {
  /** The first local recipient, for fairness among accounts in the writer. */
  readonly account: AccountId | undefined;
  readonly message: PreparedMessage;
  readonly local: readonly LocalCopy[];
  readonly outgoing: Outgoing | undefined;
  readonly nowMs: number;
}

export interface LocalCopy {
  readonly account: AccountId;
  /** What stands before the body for this recipient. */
  readonly prefix: string;
}

/** The accounts that have gone since their address was accepted; nothing could be delivered to them. Throws `account-not-found` when nobody is left. */
export const accept: Mutation<AcceptArgs, readonly AccountId[]> = defineMutation('delivery.accept', function* (tx, args: AcceptArgs) {
  const { message, nowMs } = args;
  const gone: AccountId[] = [];
  for (const { account, prefix } of args.local) {
    const mailbox = yield* findInbox(account);
    if (mailbox === undefined) {
      gone.push(account);
      continue;
    }
    yield* addMessage(tx, { account, mailbox, message, body: 0, prefix: Buffer.from(prefix), flags: 0, receivedAtMs: nowMs, savedAtMs: nowMs });
  }
  if (args.outgoing !== undefined) yield* enqueue(tx, args.outgoing);
  else if (gone.length === args.local.length) throw new DomainError('account-not-found', 'the recipients are gone');
  return gone;
});

function* findInbox(account: AccountId): Program<MailboxId | undefined> {
  const row = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  return row?.mailbox;
}
