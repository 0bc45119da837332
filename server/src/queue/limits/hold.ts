/**
 * The hold of an account whose sending is alarming, and its end. The hold, what is said of it in the trail and the mails to user and administrator are one
 * mutation: one mail for each, whenever the server dies. What waits in the queue is held and released in slices (queue/hold.ts).
 */
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { addCopy, keepMessage } from '#store/add-message.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, rows, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { record } from '#trail/record.ts';
import { accountSlice, type AccountSlice, type AccountSliceArgs, holdAccountNow, readAccountHold, releaseAccount } from '../hold.ts';
import type { Finding } from './score.ts';
import { HOUR_MS } from './settings.ts';

/** Who holds and releases, in the trail. */
const ACTOR = 'limits';
/** After a release: what was counted before it is out of sight when it ends. */
const TRUST_MS = 24 * HOUR_MS;

export interface HoldSending {
  readonly account: AccountId;
  /** In words. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  /** Made anew: the id of the event in the trail. */
  readonly id: string;
  /** The bodies of the mutation, in their order. */
  readonly notices: readonly HoldNotice[];
  readonly nowMs: number;
}

export interface HoldNotice {
  readonly id: string;
  readonly account: AccountId;
  /** What stands in Delivered-To. */
  readonly address: string;
  readonly message: PreparedMessage;
}

/** False: it is on hold already, or the administrator has vouched for it; then nobody is told. */
export const holdSending: Mutation<HoldSending, boolean> = defineMutation('limits.hold', function* (tx, args: HoldSending) {
  const { account, reason, findings, id: queueId, notices, nowMs } = args;
  if ((yield* readAccountHold(account)) !== undefined || (yield* isTrusted(account, nowMs))) return false;
  yield* holdAccountNow({ account, reason, actor: ACTOR, heldAtMs: nowMs });
  yield* run(sql`
    INSERT INTO sending_account (account, findings) VALUES (${account}, ${JSON.stringify(findings)})
    ON CONFLICT (account) DO UPDATE SET findings = excluded.findings, releasing = 0`);
  const details = { actor: ACTOR, reason, findings: findings.map(({ sign, points, count }) => ({ sign, points, count })) };
  yield* record(tx, { event: 'held', atMs: nowMs, queueId, by: account, details });
  for (const [body, notice] of notices.entries()) yield* fileNotice(tx, notice, body, nowMs);
  tx.notify('sending');
  return true;
});

function* isTrusted(account: AccountId, nowMs: number): Program<boolean> {
  return (yield* one(sql`SELECT 1 FROM sending_account WHERE account = ${account} AND trusted_until > ${nowMs}`)) !== undefined;
}

function* fileNotice(tx: Tx, { id, account, address, message }: HoldNotice, body: number, nowMs: number): Program<void> {
  const inbox = yield* one<{ readonly mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = 'INBOX'`);
  if (inbox === undefined) return;
  const kept = yield* keepMessage(tx, message, body, 1);
  const prefix = Buffer.from(`Return-Path: <>\r\nDelivered-To: ${address}\r\n`);
  const { email } = yield* addCopy(tx, kept, { account, mailbox: inbox.mailbox, message, prefix, flags: 0, receivedAtMs: nowMs, savedAtMs: nowMs });
  const details = { protocol: 'internal', size: message.sizeBytes };
  yield* record(tx, { event: 'received', atMs: nowMs, queueId: id, sender: '', recipients: [{ address, account, email, mailbox: 'INBOX' }], details });
}

export interface ReleaseSending {
  readonly account: AccountId;
  readonly actor: string;
  /** Made anew: the id of the event in the trail. */
  readonly id: string;
  readonly nowMs: number;
}

/** Ends a hold; false: there was none. What was held is still to be released. */
export const releaseSending: Mutation<ReleaseSending, boolean> = defineMutation('limits.release', function* (tx, args: ReleaseSending) {
  const { account, actor, id: queueId, nowMs } = args;
  const wasHeld = yield* releaseAccount.program(tx, { account });
  yield* run(sql`
    INSERT INTO sending_account (account, trusted_until, releasing) VALUES (${account}, ${nowMs + TRUST_MS}, 1)
    ON CONFLICT (account) DO UPDATE SET findings = '[]', trusted_until = excluded.trusted_until, releasing = 1`);
  yield* run(sql`DELETE FROM sending_suspect WHERE account = ${account}`);
  if (wasHeld) yield* record(tx, { event: 'released', atMs: nowMs, queueId, by: account, details: { actor } });
  tx.notify('sending');
  return wasHeld;
});

/** All that was held is released. */
export const endRelease: Mutation<{ readonly account: AccountId }, void> = defineMutation(
  'limits.endRelease',
  function* (_tx, { account }: { readonly account: AccountId }) {
    yield* run(sql`UPDATE sending_account SET releasing = 0 WHERE account = ${account}`);
  },
);

/** Accounts whose release was broken off. */
export function* readReleasing(limit: number): Program<readonly (readonly [account: AccountId])[]> {
  return yield* rows<readonly [account: AccountId]>(sql`SELECT account FROM sending_account WHERE releasing = 1 ORDER BY account LIMIT ${limit}`);
}

/** Ends the hold of an account and lets everything go that was held because of it. */
export async function releaseAccountSending(store: Store, release: ReleaseSending): Promise<{ readonly wasHeld: boolean; readonly recipients: number }> {
  const wasHeld = await store.commit(releaseSending, release);
  return { wasHeld, recipients: await finishRelease(store, release) };
}

/** Releases what is held of an account that is on hold no more; the number of recipients. */
export async function finishRelease(store: Store, { account, actor, nowMs }: Omit<ReleaseSending, 'id'>): Promise<number> {
  const recipients = await everySlice(store, { account, verb: 'release', reason: '', actor, nowMs });
  await store.commit(endRelease, { account });
  return recipients;
}

/** Holds what waits of an account that is on hold; the number of recipients. */
export async function holdWaiting(store: Store, { account, reason, nowMs }: Pick<HoldSending, 'account' | 'reason' | 'nowMs'>): Promise<number> {
  return await everySlice(store, { account, verb: 'hold', reason, actor: ACTOR, nowMs });
}

async function everySlice(store: Store, first: Omit<AccountSliceArgs, 'after'>): Promise<number> {
  let recipients = 0;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const done: AccountSlice = await store.commit(accountSlice, { ...first, after });
    recipients += done.recipients;
    after = done.next;
  }
  return recipients;
}
