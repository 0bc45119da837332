/** Forgetting what is older than the time for which the trail is kept, in slices. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { periodOf } from './entry.ts';

const SLICE = 500;

export interface PruneTrail {
  readonly beforeMs: number;
}

/** One slice of events from the old end, and of keys whose events are gone; returns how many of both went. The newest event stays: numbers go on from it. */
export const pruneTrailSlice: Mutation<PruneTrail, number> = defineMutation('trail.prune', function* (_tx, { beforeMs }: PruneTrail) {
  const bounds = yield* one<{ readonly first: number | null; readonly last: number | null }>(sql`
    SELECT (SELECT min(trail) FROM trail) AS first, (SELECT max(trail) FROM trail) AS last`);
  const first = bounds?.first ?? 0;
  const last = bounds?.last ?? 0;
  // In the order of recording, so up to the first that is too young: times of rows that stand together differ by seconds.
  const young = yield* one<{ readonly trail: number }>(sql`
    SELECT trail FROM trail WHERE trail >= ${first} AND trail < ${first + SLICE} AND at >= ${beforeMs} ORDER BY trail LIMIT 1`);
  const end = Math.min(young?.trail ?? first + SLICE, last);
  const events = yield* run(sql`DELETE FROM trail WHERE trail >= ${first} AND trail < ${end}`);
  const keys = yield* run(sql`
    DELETE FROM trail_key WHERE (period, hash, trail) IN
      (SELECT period, hash, trail FROM trail_key WHERE period < ${periodOf(end)} ORDER BY period, hash, trail LIMIT ${SLICE})`);
  return events + keys;
});

/** Prunes everything older than `beforeMs`; once a day is enough. Returns the number of rows. */
export async function pruneTrail(store: Store, beforeMs: number): Promise<number> {
  let total = 0;
  for (let pruned = 1; pruned > 0; total += pruned) pruned = await store.commit(pruneTrailSlice, { beforeMs });
  return total;
}
