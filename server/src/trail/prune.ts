/** Forgetting what is older than the time for which the trail is kept, in slices. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { periodOf } from './record.ts';

/** How long the trail is kept, where nothing else is configured. */
export const TRAIL_KEPT_MS: number = 90 * 24 * 3600_000;
const SLICE = 500;

interface PruneAccount {
  readonly trailOf: number;
  readonly beforeMs: number;
}

/** One slice of one account; returns how many rows went. */
export const pruneTrailAccount: Mutation<PruneAccount, number> = defineMutation('trail.pruneAccount', function* (_tx, { trailOf, beforeMs }: PruneAccount) {
  return yield* run(sql`
    DELETE FROM trail WHERE account = ${trailOf} AND (at, serial) IN
      (SELECT at, serial FROM trail WHERE account = ${trailOf} AND at < ${beforeMs} ORDER BY at, serial LIMIT ${SLICE})`);
});

/** One slice of keys; returns how many went. */
export const pruneTrailKeys: Mutation<{ readonly beforeMs: number }, number> = defineMutation(
  'trail.pruneKeys',
  function* (_tx, { beforeMs }: { readonly beforeMs: number }) {
    return yield* run(sql`
      DELETE FROM trail_key WHERE (period, hash, account, at, serial) IN
        (SELECT period, hash, account, at, serial FROM trail_key WHERE period < ${periodOf(beforeMs)} ORDER BY period, hash, account, at, serial LIMIT ${SLICE})`);
  },
);

/** Prunes everything older than `beforeMs`; once a day is enough. Returns the number of events forgotten. */
export async function pruneTrail(store: Store, beforeMs: number): Promise<number> {
  let total = 0;
  for (let trailOf = await store.query(nextAccount(-1)); trailOf !== undefined; trailOf = await store.query(nextAccount(trailOf))) {
    for (let pruned = SLICE; pruned === SLICE; total += pruned) pruned = await store.commit(pruneTrailAccount, { trailOf, beforeMs });
  }
  for (let pruned = SLICE; pruned === SLICE; ) pruned = await store.commit(pruneTrailKeys, { beforeMs });
  return total;
}

function* nextAccount(after: number): Program<number | undefined> {
  const row = yield* one<{ readonly account: number }>(sql`SELECT account FROM trail WHERE account > ${after} ORDER BY account LIMIT 1`);
  return row?.account;
}
