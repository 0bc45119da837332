/**
 * Leases: who tries which recipient now. A lease is a row change with an end, so that any number of schedulers can share a queue and what a dead one held
 * comes back by itself. Who held a lease and did not settle it may have handed the message over: each such case is in the trail (`repeated`), written by the
 * mutation that makes the recipient due again.
 */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';
import { addressText } from './path-text.ts';

/** A recipient's key: queue id and number. */
export type RecipientKey = readonly [queueId: string, n: number];

export interface ClaimArgs {
  readonly owner: string;
  readonly nowMs: number;
  readonly untilMs: number;
  readonly claim: readonly RecipientKey[];
  readonly postpone: readonly Postponement[];
}

/** Due, but its destination cannot take it now. At most 1,000 of these and of claims together. */
export interface Postponement {
  readonly key: RecipientKey;
  /** When it is looked at again. */
  readonly untilMs: number;
  /** The lane that takes it sooner, as soon as there is room. */
  readonly parked: string | null;
}

export interface Claimed {
  /** For each recipient whether it was got. */
  readonly got: readonly boolean[];
  /** Had a lease that ended before it was settled. */
  readonly unsure: readonly RecipientKey[];
}

/** Leases recipients that are due or parked. */
export const claim: Mutation<ClaimArgs, Claimed> = defineMutation('queue.claim', function* (tx, args: ClaimArgs) {
  const { owner, nowMs, untilMs } = args;
  const got: boolean[] = [];
  const unsure: RecipientKey[] = [];
  for (const key of args.claim) {
    const [queueId, n] = key;
    const isFresh =
      (yield* run(
        sql`UPDATE queue_recipient SET lease_owner = ${owner}, due_at = ${untilMs}, parked = NULL
            WHERE queue_id = ${queueId} AND n = ${n} AND lease_owner IS NULL AND (due_at <= ${nowMs} OR parked IS NOT NULL)`,
      )) > 0;
    // Who held it is gone. What was put on hold meanwhile stays here.
    const expired = isFresh
      ? undefined
      : yield* one<{ held: number }>(
          sql`UPDATE queue_recipient SET lease_owner = CASE WHEN held = 1 THEN NULL ELSE ${owner} END, due_at = CASE WHEN held = 1 THEN NULL ELSE ${untilMs} END
              WHERE queue_id = ${queueId} AND n = ${n} AND lease_owner IS NOT NULL AND due_at <= ${nowMs} RETURNING held`,
        );
    if (expired) unsure.push(key);
    got.push(isFresh || expired?.held === 0);
  }
  for (const {
    key: [queueId, n],
    untilMs: laterMs,
    parked,
  } of args.postpone)
    yield* run(
      sql`UPDATE queue_recipient SET due_at = ${laterMs}, parked = ${parked} WHERE queue_id = ${queueId} AND n = ${n} AND due_at <= ${nowMs} AND lease_owner IS NULL`,
    );
  yield* tellOfRepeats(tx, unsure, nowMs, 'the lease of an attempt ended before it was known what came of it');
  return { got, unsure };
});

export interface RenewArgs {
  readonly owner: string;
  readonly untilMs: number;
  /** At most 1,000. */
  readonly keys: readonly RecipientKey[];
}

/** Lengthens leases that work is still going on for. */
export const renew: Mutation<RenewArgs, void> = defineMutation('queue.renew', function* (_tx, args: RenewArgs) {
  for (const [queueId, n] of args.keys)
    yield* run(
      sql`UPDATE queue_recipient SET due_at = ${args.untilMs} WHERE queue_id = ${queueId} AND n = ${n} AND lease_owner = ${args.owner} AND due_at IS NOT NULL`,
    );
});

export interface FreeArgs {
  readonly owner: string;
  readonly nowMs: number;
}

const SLICE = 500;

/** Frees what an earlier life of `owner` had leased, a slice at a time: those that may have got the message already. None: there were no more. */
export const freeLeases: Mutation<FreeArgs, readonly RecipientKey[]> = defineMutation('queue.freeLeases', function* (tx, { owner, nowMs }: FreeArgs) {
  const leased = yield* all<{ queue_id: string; n: number }>(sql`SELECT queue_id, n FROM queue_recipient WHERE lease_owner = ${owner} LIMIT ${SLICE}`);
  for (const { queue_id, n } of leased)
    yield* run(
      sql`UPDATE queue_recipient SET lease_owner = NULL, due_at = CASE WHEN held = 1 THEN NULL ELSE ${nowMs} END WHERE queue_id = ${queue_id} AND n = ${n}`,
    );
  const unsure = leased.map(({ queue_id, n }): RecipientKey => [queue_id, n]);
  yield* tellOfRepeats(tx, unsure, nowMs, 'an attempt was under way, or about to begin, when the server ended');
  return unsure;
});

/** One event for each message. */
function* tellOfRepeats(tx: Tx, keys: readonly RecipientKey[], nowMs: number, cause: string): Program<void> {
  const numbers = new Map<string, number[]>();
  for (const [queueId, n] of keys) numbers.set(queueId, [...(numbers.get(queueId) ?? []), n]);
  for (const [queueId, all] of numbers) {
    const message = yield* one<{ account: number | null; sender: string }>(sql`SELECT account, sender FROM queue_message WHERE queue_id = ${queueId}`);
    const recipients: Array<{ readonly address: string }> = [];
    for (const n of all) {
      const row = yield* one<{ local_part: string; domain: string }>(
        sql`SELECT local_part, domain FROM queue_recipient WHERE queue_id = ${queueId} AND n = ${n}`,
      );
      if (row) recipients.push({ address: addressText(row.local_part, row.domain) });
    }
    const by = message?.account === null || message === undefined ? undefined : (message.account as AccountId);
    yield* record(tx, { event: 'repeated', atMs: nowMs, queueId, by, sender: message?.sender ?? '', recipients, details: { cause } });
  }
}
