/**
 * Accounts on hold: their mail for elsewhere is taken and kept, with a reason that the administrator and the user can read, until somebody has looked at it. What
 * waits already is held in slices; what comes in meanwhile is held by `enqueue`. Nothing is lost and nothing is dropped.
 */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { record, type TrailEventName } from '#trail/record.ts';
import { addressText } from './path-text.ts';

/** Why a message is held: by the administrator, or because its account is. */
export type HoldKind = 'administrator' | 'account';

export interface Hold {
  readonly kind: HoldKind;
  /** In words. */
  readonly reason: string;
}

export interface AccountHold {
  readonly account: AccountId;
  readonly reason: string;
  /** Who has put it on hold: `administrator`, `limits`. */
  readonly actor: string;
  readonly heldAtMs: number;
}

export const holdAccount: Mutation<AccountHold, void> = defineMutation('queue.holdAccount', function* (_tx, args: AccountHold) {
  yield* holdAccountNow(args);
});

/** The hold itself, as part of a mutation; `holdAccountMail` goes on with what waits already. */
export function* holdAccountNow({ account, reason, actor, heldAtMs }: AccountHold): Program<void> {
  yield* run(
    sql`INSERT INTO queue_account_hold (account, reason, actor, held_at) VALUES (${account}, ${reason}, ${actor}, ${heldAtMs})
        ON CONFLICT (account) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, held_at = excluded.held_at`,
  );
}

/** False: it was not on hold. */
export const releaseAccount: Mutation<{ readonly account: AccountId }, boolean> = defineMutation(
  'queue.releaseAccount',
  function* (_tx, { account }: { readonly account: AccountId }) {
    return (yield* run(sql`DELETE FROM queue_account_hold WHERE account = ${account}`)) > 0;
  },
);

/** Why an account is on hold; undefined: it is not. */
export function* readAccountHold(account: AccountId): Program<AccountHold | undefined> {
  const row = yield* one<AccountHoldRow>(sql`SELECT * FROM queue_account_hold WHERE account = ${account}`);
  return row && toAccountHold(row);
}

/** Accounts on hold behind `after`, in the order of their numbers. */
export function* listAccountHolds(after: number, limit: number): Program<readonly AccountHold[]> {
  const found = yield* all<AccountHoldRow>(sql`SELECT * FROM queue_account_hold WHERE account > ${after} ORDER BY account LIMIT ${limit}`);
  return found.map(toAccountHold);
}

export interface AccountSliceArgs {
  readonly account: AccountId;
  readonly verb: 'hold' | 'release';
  readonly reason: string;
  readonly actor: string;
  /** Messages up to this id are done. */
  readonly after: string;
  readonly nowMs: number;
}

export interface AccountSlice {
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
  readonly recipients: number;
}

/** Messages of one slice; each has at most 1,000 recipients, most have one. */
const SLICE = 50;
const MOST_ROWS = 1000;

/** Holds or releases what waits of an account, a slice at a time. A slice ends with the message that fills it. */
export const accountSlice: Mutation<AccountSliceArgs, AccountSlice> = defineMutation('queue.accountSlice', function* (tx, args: AccountSliceArgs) {
  const { account, verb, after, reason } = args;
  // Who was released meanwhile is not held by what is left of the hold, nor the other way round.
  const isOnHold = (yield* readAccountHold(account)) !== undefined;
  if (isOnHold !== (verb === 'hold')) return { next: undefined, recipients: 0 };
  const found = yield* all<{ queue_id: string; sender: string; recipients: number; hold_kind: string | null }>(
    sql`SELECT queue_id, sender, recipients, hold_kind FROM queue_message WHERE account = ${account} AND queue_id > ${after} ORDER BY queue_id LIMIT ${SLICE}`,
  );
  let rows = 0;
  let changed = 0;
  let next: string | undefined;
  for (const { queue_id: queueId, sender, recipients, hold_kind: kind } of found) {
    rows += recipients;
    if (verb === 'hold' && kind === null) changed += yield* holdMessage(tx, { queueId, sender, hold: { kind: 'account', reason }, ...who(args) });
    else if (verb === 'release' && kind === 'account') changed += yield* releaseMessage(tx, { queueId, sender, ...who(args) });
    next = queueId;
    if (rows >= MOST_ROWS) break;
  }
  if (verb === 'release') tx.notify('queue');
  return { next: found.length < SLICE && rows < MOST_ROWS ? undefined : next, recipients: changed };
});

function who({ account, actor, nowMs }: AccountSliceArgs): Pick<MessageHold, 'account' | 'actor' | 'nowMs'> {
  return { account, actor, nowMs };
}

/** Puts an account on hold and holds all that waits of it; the number of recipients that were held. */
export async function holdAccountMail(store: Store, hold: AccountHold): Promise<number> {
  await store.commit(holdAccount, hold);
  return await everySlice(store, { ...hold, verb: 'hold', after: '', nowMs: hold.heldAtMs });
}

async function everySlice(store: Store, first: AccountSliceArgs): Promise<number> {
  let recipients = 0;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const slice: AccountSlice = await store.commit(accountSlice, { ...first, after });
    recipients += slice.recipients;
    after = slice.next;
  }
  return recipients;
}

export interface MessageHold {
  readonly queueId: string;
  readonly sender: string;
  readonly account: AccountId | undefined;
  readonly actor: string;
  readonly nowMs: number;
}

/** Keeps a message from being tried until it is released; an attempt that is under way goes on. The number of recipients that were not held before. */
export function* holdMessage(tx: Tx, args: MessageHold & { readonly hold: Hold }): Program<number> {
  const { queueId, hold } = args;
  const addresses = yield* addressesOf(queueId, 0);
  if (addresses.length === 0) return 0;
  yield* run(sql`UPDATE queue_message SET hold_kind = ${hold.kind}, hold_reason = ${hold.reason} WHERE queue_id = ${queueId}`);
  yield* run(
    sql`UPDATE queue_recipient SET held = 1, parked = NULL, due_at = CASE WHEN lease_owner IS NULL THEN NULL ELSE due_at END WHERE queue_id = ${queueId} AND held = 0`,
  );
  yield* tell(tx, 'held', args, addresses, hold.reason);
  return addresses.length;
}

/** Lets a held message be tried again, at once; one that is not to leave before a time, then. The number of recipients. */
export function* releaseMessage(tx: Tx, args: MessageHold): Program<number> {
  const { queueId, nowMs } = args;
  const addresses = yield* addressesOf(queueId, 1);
  if (addresses.length === 0) return 0;
  const row = yield* one<{ release_at: number | null }>(
    sql`UPDATE queue_message SET hold_kind = NULL, hold_reason = NULL WHERE queue_id = ${queueId} RETURNING release_at`,
  );
  const releaseAt = row?.release_at ?? 0;
  const dueAt = releaseAt > nowMs ? releaseAt : 0;
  yield* run(
    sql`UPDATE queue_recipient SET held = 0, due_at = CASE WHEN lease_owner IS NULL THEN ${dueAt} ELSE due_at END WHERE queue_id = ${queueId} AND held = 1`,
  );
  yield* tell(tx, 'released', args, addresses, '');
  return addresses.length;
}

function* addressesOf(queueId: string, held: 0 | 1): Program<readonly string[]> {
  const found = yield* all<{ local_part: string; domain: string }>(
    sql`SELECT local_part, domain FROM queue_recipient WHERE queue_id = ${queueId} AND held = ${held} ORDER BY n`,
  );
  return found.map(({ local_part, domain }) => addressText(local_part, domain));
}

function* tell(
  tx: Tx,
  event: TrailEventName,
  { queueId, sender, account, actor, nowMs }: MessageHold,
  addresses: readonly string[],
  reason: string,
): Program<void> {
  const recipients = addresses.map((address) => ({ address }));
  yield* record(tx, { event, atMs: nowMs, queueId, by: account, sender, recipients, details: { actor, ...(reason !== '' && { reason }) } });
}

interface AccountHoldRow {
  readonly account: number;
  readonly reason: string;
  readonly actor: string;
  readonly held_at: number;
}

function toAccountHold({ account, reason, actor, held_at }: AccountHoldRow): AccountHold {
  return { account: account as AccountId, reason, actor, heldAtMs: held_at };
}
