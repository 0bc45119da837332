/** Rows of the trail by their keys: from the index, and by looking through what the index does not have yet. All look-ups go in slices. */
import { yieldToLoop } from '#core/async.ts';
import { all, one, type Program, rows, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { keyHash, keysOf, periodOf, toEntry, type TrailEntry, type TrailRow } from './entry.ts';

const SLICE = 1000;
/** Periods that one statement asks of: a probe of the tree each. */
const PERIODS = 64;

/** Which rows there are, and up to where they have keys. */
export interface Extent {
  readonly first: number;
  readonly last: number;
  readonly indexed: number;
}

export function* readExtent(): Program<Extent> {
  const row = yield* one<{ readonly first: number | null; readonly last: number | null; readonly indexed: number }>(sql`
    SELECT (SELECT min(trail) FROM trail) AS first, (SELECT max(trail) FROM trail) AS last, indexed FROM trail_state WHERE id = 1`);
  return { first: row?.first ?? 0, last: row?.last ?? 0, indexed: row?.indexed ?? 0 };
}

/** Where to look, and how long. */
export interface Search {
  readonly extent: Extent;
  /** Rows before this one are of no interest. */
  readonly fromTrail: number;
  /** Called for each row that has one of the keys, the newest stretch first; false: enough. */
  readonly take: (entry: TrailEntry) => boolean;
}

/** Finds the rows that have one of the keys. */
export async function searchTrail(store: Store, keys: ReadonlySet<string>, { extent, fromTrail, take }: Search): Promise<void> {
  if (keys.size === 0) return;
  const takeRow = (row: TrailRow): boolean => {
    const entry = toEntry(row);
    for (const key of keysOf(entry)) if (keys.has(key)) return take(entry);
    return true;
  };
  for (let after = Math.max(extent.indexed, fromTrail - 1); after < extent.last; ) {
    // Queries have no wait inside: others get their turn between the slices.
    await yieldToLoop();
    const slice = await store.query(rowsAfter(after));
    for (const row of slice) if (!takeRow(row)) return;
    after = slice.at(-1)?.trail ?? extent.last;
  }
  const oldest = periodOf(Math.max(extent.first, fromTrail));
  const hashes = [...new Set([...keys].map(keyHash))];
  const seen = new Set<number>();
  for (let newest = periodOf(extent.indexed); newest >= oldest; newest -= PERIODS) {
    await yieldToLoop();
    for (const hash of hashes) {
      for (const trail of await placesOf(store, Math.max(oldest, newest - PERIODS + 1), newest, hash)) {
        if (trail < fromTrail || trail > extent.indexed || seen.has(trail)) continue;
        seen.add(trail);
        const row = await store.query(rowAt(trail));
        if (row !== undefined && !takeRow(row)) return;
      }
    }
  }
}

/** The newest first; of a period with very many, the newest thousand. */
async function placesOf(store: Store, oldest: number, newest: number, hash: number): Promise<readonly number[]> {
  const found = await store.query(placesInPeriods(oldest, newest, hash));
  if (found.length < SLICE) return found.toSorted((a, b) => b - a);
  const places: number[] = [];
  for (let period = newest; period >= oldest; period--) places.push(...(await store.query(placesInPeriod(period, hash))));
  return places;
}

/** The first row at or after a time, by halving: rows are written in the order of time, give or take a second. */
export async function trailAtTime(store: Store, { first, last }: Extent, atMs: number): Promise<number> {
  let low = first;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await store.query(timeAt(middle));
    if (row !== undefined && row.at < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* timeAt(trail: number): Program<{ readonly at: number } | undefined> {
  return yield* one<{ readonly at: number }>(sql`SELECT at FROM trail WHERE trail = ${trail}`);
}

function* rowsAfter(after: number): Program<readonly TrailRow[]> {
  return yield* all<TrailRow>(sql`
    SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details, account, emails FROM trail
    WHERE trail > ${after} ORDER BY trail LIMIT ${SLICE}`);
}

function* rowAt(trail: number): Program<TrailRow | undefined> {
  return yield* one<TrailRow>(sql`
    SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details, account, emails FROM trail WHERE trail = ${trail}`);
}

function* placesInPeriods(oldest: number, newest: number, hash: number): Program<readonly number[]> {
  const found = yield* rows<readonly [trail: number]>(sql`
    WITH RECURSIVE wanted (period) AS (SELECT ${newest} UNION ALL SELECT period - 1 FROM wanted WHERE period > ${oldest})
    SELECT k.trail FROM wanted CROSS JOIN trail_key AS k WHERE k.period = wanted.period AND k.hash = ${hash} LIMIT ${SLICE}`);
  return found.map(([trail]) => trail);
}

function* placesInPeriod(period: number, hash: number): Program<readonly number[]> {
  const found = yield* rows<readonly [trail: number]>(sql`
    SELECT trail FROM trail_key WHERE period = ${period} AND hash = ${hash} ORDER BY trail DESC LIMIT ${SLICE}`);
  return found.map(([trail]) => trail);
}
