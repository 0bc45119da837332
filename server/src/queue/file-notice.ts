/** A notice for somebody whose mailbox is here, filed as part of a mutation: with the null reverse-path, past quota, with no Received field, for nobody has sent it. */
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { addCopy, keepMessage } from '#store/add-message.ts';
import type { Tx } from '#store/mutation.ts';
import { one, type Program, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';

export interface LocalNotice {
  /** Made anew: what the trail knows it by. */
  readonly id: string;
  readonly account: AccountId;
  /** What stands in Delivered-To. */
  readonly address: string;
  readonly message: PreparedMessage;
  /** Index into the mutation's bodies. */
  readonly body: number;
}

/** False: the account has gone. */
export function* fileNotice(tx: Tx, { id, account, address, message, body }: LocalNotice, nowMs: number): Program<boolean> {
  const inbox = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  if (inbox === undefined) return false;
  const kept = yield* keepMessage(tx, message, body, 1);
  const prefix = Buffer.from(`Return-Path: <>\r\nDelivered-To: ${address}\r\n`);
  const { email } = yield* addCopy(tx, kept, { account, mailbox: inbox.mailbox, message, prefix, flags: 0, receivedAtMs: nowMs, savedAtMs: nowMs });
  const details = { protocol: 'internal', size: message.sizeBytes };
  yield* record(tx, { event: 'received', atMs: nowMs, queueId: id, sender: '', recipients: [{ address, account, email, mailbox: 'INBOX' }], details });
  return true;
}
