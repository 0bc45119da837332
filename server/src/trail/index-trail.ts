/** Makes the keys of new events, behind the deliveries: a few hundred rows at a time, in the order of the tree, which costs a tenth of one at a time. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { keyHash, keysOf, periodOf, toEntry, type TrailRow } from './entry.ts';

const SLICE = 250;

/** One slice; returns how many events it covered. */
export const indexTrailSlice: Mutation<Record<string, never>, number> = defineMutation('trail.index', function* () {
  const state = yield* one<{ readonly indexed: number }>(sql`SELECT indexed FROM trail_state WHERE id = 1`);
  const found = yield* all<TrailRow>(sql`
    SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details, account, emails FROM trail
    WHERE trail > ${state?.indexed ?? 0} ORDER BY trail LIMIT ${SLICE}`);
  const last = found.at(-1);
  if (last === undefined) return 0;
  const keys = found.flatMap((row) => [...keysOf(toEntry(row))].map((key) => ({ period: periodOf(row.trail), hash: keyHash(key), trail: row.trail })));
  keys.sort((a, b) => a.period - b.period || a.hash - b.hash || a.trail - b.trail);
  for (const { period, hash, trail } of keys) {
    yield* run(sql`INSERT INTO trail_key (period, hash, trail) VALUES (${period}, ${hash}, ${trail}) ON CONFLICT DO NOTHING`);
  }
  yield* run(sql`UPDATE trail_state SET indexed = ${last.trail} WHERE id = 1`);
  return found.length;
});

/** Brings the keys up to date; every few minutes is enough. Returns the number of events. */
export async function indexTrail(store: Store): Promise<number> {
  let total = 0;
  for (let covered = SLICE; covered === SLICE; total += covered) covered = await store.commit(indexTrailSlice, {});
  return total;
}
