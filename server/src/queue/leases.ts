/**
 * Leases: who tries which recipient now. A lease is a row change with an end, so that any number of schedulers can share a queue and what a dead one held
 * comes back by itself.
 */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';

/** A recipient's key: queue id and number. */
export type RecipientKey = readonly [queueId: string, n: number];

export interface ClaimArgs {
  readonly owner: string;
  readonly nowMs: number;
  readonly untilMs: number;
  readonly claim: readonly RecipientKey[];
  /** Due, but their destination cannot take them now: looked at again at the time given. At most 1,000 of both lists together. */
  readonly postpone: ReadonlyArray<readonly [key: RecipientKey, untilMs: number]>;
}

/** Leases recipients that are still due; tells for each whether it was got. */
export const claim: Mutation<ClaimArgs, readonly boolean[]> = defineMutation('queue.claim', function* (_tx, args: ClaimArgs) {
  const got: boolean[] = [];
  for (const [queueId, n] of args.claim) {
    const changed = yield* run(
      sql`UPDATE queue_recipient SET lease_owner = ${args.owner}, due_at = ${args.untilMs} WHERE queue_id = ${queueId} AND n = ${n} AND due_at <= ${args.nowMs}`,
    );
    got.push(changed > 0);
  }
  for (const [[queueId, n], untilMs] of args.postpone)
    yield* run(sql`UPDATE queue_recipient SET due_at = ${untilMs}, lease_owner = NULL WHERE queue_id = ${queueId} AND n = ${n} AND due_at <= ${args.nowMs}`);
  return got;
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
  /** Messages up to this id are done. */
  readonly after: string;
}

export interface Freed {
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
  /** Recipients that may have got the message already: the attempt was under way when the owner ended. */
  readonly unsure: readonly RecipientKey[];
}

const SLICE = 1000;

/** Frees what an earlier life of `owner` had leased, a slice of the queue at a time. */
export const freeLeases: Mutation<FreeArgs, Freed> = defineMutation('queue.freeLeases', function* (_tx, args: FreeArgs) {
  const end = yield* sliceEnd(args.after);
  const leased = yield* all<{ queue_id: string; n: number }>(
    sql`SELECT queue_id, n FROM queue_recipient WHERE queue_id > ${args.after} AND queue_id <= ${end ?? HIGHEST} AND lease_owner = ${args.owner}`,
  );
  for (const { queue_id, n } of leased)
    yield* run(
      sql`UPDATE queue_recipient SET lease_owner = NULL, due_at = CASE WHEN held = 1 THEN NULL ELSE ${args.nowMs} END WHERE queue_id = ${queue_id} AND n = ${n}`,
    );
  return { next: end, unsure: leased.map(({ queue_id, n }) => [queue_id, n] as const) };
});

/** Above every queue id. */
const HIGHEST = '~';

/** The last id of the slice behind `after`; undefined when it reaches the end. */
function* sliceEnd(after: string): Program<string | undefined> {
  const row = yield* one<{ queue_id: string }>(sql`SELECT queue_id FROM queue_message WHERE queue_id > ${after} ORDER BY queue_id LIMIT 1 OFFSET ${SLICE}`);
  return row?.queue_id;
}
