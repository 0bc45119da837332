/** Makes the keys of new events, behind the deliveries: a few hundred rows at a time, in the order of the tree, which costs a tenth of one at a time. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { keyHash, keysOf, periodOf, toEntry, type TrailRow } from './entry.ts';

/** Events of a slice, and keys at which it ends. */
const SLICE = 250;
const KEYS = 1500;

export interface Indexed {
  /** Events. */
  readonly covered: number;
  readonly hasMore: boolean;
}

/** One slice. */
export const indexTrailSlice: Mutation<Record<string, never>, Indexed> = defineMutation('trail.index', function* () {
  const state = yield* one<{ readonly indexed: number }>(sql`SELECT indexed FROM trail_state WHERE id = 1`);
  const found = yield* all<TrailRow>(sql`
    SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details, account, emails FROM trail
    WHERE trail > ${state?.indexed ?? 0} ORDER BY trail LIMIT ${SLICE}`);
  const keys: { readonly period: number; readonly hash: number; readonly trail: number }[] = [];
  let covered = 0;
  let last = 0;
  for (const row of found) {
    // Rows about many messages have many keys: others wait for the writer too.
    if (keys.length >= KEYS) break;
    for (const key of keysOf(toEntry(row))) keys.push({ period: periodOf(row.trail), hash: keyHash(key), trail: row.trail });
    last = row.trail;
    covered++;
  }
  if (covered === 0) return { covered, hasMore: false };
  keys.sort((a, b) => a.period - b.period || a.hash - b.hash || a.trail - b.trail);
  for (const { period, hash, trail } of keys) {
    yield* run(sql`INSERT INTO trail_key (period, hash, trail) VALUES (${period}, ${hash}, ${trail}) ON CONFLICT DO NOTHING`);
  }
  yield* run(sql`UPDATE trail_state SET indexed = ${last} WHERE id = 1`);
  return { covered, hasMore: covered < found.length || found.length === SLICE };
});

/** Brings the keys up to date; every few minutes is enough. Returns the number of events. */
export async function indexTrail(store: Store): Promise<number> {
  for (let total = 0; ; ) {
    const { covered, hasMore } = await store.commit(indexTrailSlice, {});
    total += covered;
    if (!hasMore) return total;
  }
}
