/** Questions to the trail: by Message-ID, by the id of the SMTP reply, by address, by account. What has no keys yet is looked through. */
import type { AccountId } from '#core/ids.ts';
import { all, one, type Program, rows, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { accountKey, keyHash, keysOf, periodOf, textKey, toEntry, type TrailEntry, type TrailRow } from './entry.ts';

export interface TrailSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** The newest so many events. */
  readonly limit?: number;
}

const LIMIT = 500;
/** Messages whose whole story is told in one answer. */
const MESSAGES = 50;
const SLICE = 1000;

/** Everything about the messages that are found by a Message-ID, the id of an SMTP reply, or an address, in the order of time. For the administrator. */
export async function findTrail(store: Store, key: string, span: TrailSpan): Promise<readonly TrailEntry[]> {
  const found = await entriesWith(store, textKey(key.trim()), span);
  const stories = new Map(found.map((entry) => [entry.trail, entry]));
  for (const queueId of new Set(found.map(({ queueId }) => queueId).slice(-MESSAGES))) {
    for (const entry of await entriesWith(store, textKey(queueId), span)) if (entry.queueId === queueId) stories.set(entry.trail, entry);
  }
  return [...stories.values()].toSorted(byTime).slice(-(span.limit ?? LIMIT));
}

/** What an account may know: its own mail, without the others who got it too; all of what it sent itself. */
export async function findOwnTrail(store: Store, account: AccountId, span: TrailSpan): Promise<readonly TrailEntry[]> {
  const found = await entriesWith(store, accountKey(account), span);
  return found.map((entry) => (entry.by === account ? entry : { ...entry, recipients: entry.recipients.filter((recipient) => recipient.account === account) }));
}

/** The newest events with this key, in the order of time. */
async function entriesWith(store: Store, key: string, { fromMs, toMs, limit = LIMIT }: TrailSpan): Promise<TrailEntry[]> {
  if (key === '') return [];
  const bounds = await store.query(extent());
  const found: TrailEntry[] = [];
  const take = (slice: readonly TrailRow[]): void => {
    for (const row of slice) {
      if (row.at < fromMs || row.at > toMs) continue;
      const entry = toEntry(row);
      if (keysOf(entry).has(key)) found.push(entry);
    }
  };
  for (let after = bounds.indexed; after < bounds.last; ) {
    const slice = await store.query(rowsAfter(after));
    take(slice);
    after = slice.at(-1)?.trail ?? bounds.last;
  }
  for (let period = periodOf(bounds.indexed); period >= periodOf(bounds.first) && found.length < limit; period--)
    take(await store.query(rowsOfKey(period, key)));
  return found.toSorted(byTime).slice(-limit);
}

function* extent(): Program<{ readonly first: number; readonly last: number; readonly indexed: number }> {
  const row = yield* one<{ readonly first: number | null; readonly last: number | null; readonly indexed: number }>(sql`
    SELECT (SELECT min(trail) FROM trail) AS first, (SELECT max(trail) FROM trail) AS last, indexed FROM trail_state WHERE id = 1`);
  return { first: row?.first ?? 0, last: row?.last ?? 0, indexed: row?.indexed ?? 0 };
}

function* rowsAfter(after: number): Program<readonly TrailRow[]> {
  return yield* all<TrailRow>(sql`
    SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details FROM trail WHERE trail > ${after} ORDER BY trail LIMIT ${SLICE}`);
}

function* rowsOfKey(period: number, key: string): Program<readonly TrailRow[]> {
  const places = yield* rows<readonly [trail: number]>(sql`
    SELECT trail FROM trail_key WHERE period = ${period} AND hash = ${keyHash(key)} ORDER BY trail DESC LIMIT ${SLICE}`);
  const found: TrailRow[] = [];
  for (const [trail] of places) {
    const row = yield* one<TrailRow>(sql`
      SELECT trail, at, event, queue_id, message_id, by_account, sender, recipients, details FROM trail WHERE trail = ${trail}`);
    if (row) found.push(row);
  }
  return found;
}

function byTime(a: TrailEntry, b: TrailEntry): number {
  return a.atMs - b.atMs || a.trail - b.trail;
}
