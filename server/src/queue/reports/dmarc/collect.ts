/** Counts a day's messages from the trail, a slice at a time: the trail is in the order of recording, so only the rows of that day are read. */
import { yieldToLoop } from '#core/async.ts';
import { all, one, type Program, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { checksOf } from '#trail/checks.ts';
import type { TrailDetails, TrailEventName } from '#trail/record.ts';
import { DAY_MS, dayStartMs } from '../settings.ts';
import { DmarcTally } from './tally.ts';

const SLICE = 500;
/** An event bears the time at which its message began to come; it is recorded when the message has come whole. */
const SLACK_MS = 3_600_000;

interface ReceivedRow {
  readonly trail: number;
  readonly at: number;
  readonly event: TrailEventName;
  readonly sender: string;
  readonly recipients: string;
  readonly details: string;
}

/** All messages of a day (UTC) that were checked. */
export async function collectDmarc(store: Store, day: string, signal: AbortSignal): Promise<DmarcTally> {
  const startMs = dayStartMs(day);
  const tally = new DmarcTally();
  const last = await firstAfter(store, startMs + DAY_MS + SLACK_MS);
  for (let after = (await firstAfter(store, startMs)) - 1; after < last - 1; ) {
    signal.throwIfAborted();
    const slice: readonly ReceivedRow[] = await store.query(checkedRows(after, last));
    for (const { at, event, sender, recipients, details } of slice) {
      if (at < startMs || at >= startMs + DAY_MS || (event !== 'received' && event !== 'refused') || isReport(recipients)) continue;
      const parsed = JSON.parse(details) as TrailDetails;
      const checks = checksOf({ event, details: parsed });
      const sourceIp = parsed['remote'];
      if (checks !== undefined && typeof sourceIp === 'string') tally.add({ checks, sourceIp, sender, isRefused: event === 'refused' });
    }
    after = slice.at(-1)?.trail ?? last;
    await yieldToLoop();
  }
  return tally;
}

/** The number of the first event at or after a time, one more than the last where there is none: by halving, for times of rows that stand together differ little. */
async function firstAfter(store: Store, ms: number): Promise<number> {
  const bounds = await store.query(extent());
  let low = bounds.first;
  let high = bounds.last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await store.query(rowFrom(middle));
    if (row !== undefined && row.trail < high && row.at < ms) low = row.trail + 1;
    else high = middle;
  }
  return low;
}

function* extent(): Program<{ readonly first: number; readonly last: number }> {
  const row = yield* one<{ readonly first: number | null; readonly last: number | null }>(sql`
    SELECT (SELECT min(trail) FROM trail) AS first, (SELECT max(trail) FROM trail) AS last`);
  return { first: row?.first ?? 1, last: row?.last ?? 0 };
}

function* rowFrom(trail: number): Program<{ readonly trail: number; readonly at: number } | undefined> {
  return yield* one<{ readonly trail: number; readonly at: number }>(sql`SELECT trail, at FROM trail WHERE trail >= ${trail} ORDER BY trail LIMIT 1`);
}

function* checkedRows(after: number, before: number): Program<readonly ReceivedRow[]> {
  return yield* all<ReceivedRow>(sql`
    SELECT trail, at, event, sender, recipients, details FROM trail WHERE trail > ${after} AND trail < ${before} ORDER BY trail LIMIT ${SLICE}`);
}

/** Mail that went to addresses for reports only: reporting it would have two servers report each other's reports for ever. */
function isReport(recipients: string): boolean {
  if (!recipients.includes('"Reports"')) return false;
  return (JSON.parse(recipients) as readonly (readonly unknown[])[]).every((recipient) => recipient[3] === 'Reports');
}
