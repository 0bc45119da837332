/** Questions to the trail: by Message-ID, by the id of the SMTP reply, by address, by account. */
import type { AccountId } from '#core/ids.ts';
import { all, one, type Program, rows, sql } from '#store/sql.ts';
import { keyHash, normalKey, periodOf, type TrailDetails, type TrailEventName } from './record.ts';

export interface TrailEntry {
  readonly atMs: number;
  /** Undefined: the server's own view. */
  readonly account: AccountId | undefined;
  readonly event: TrailEventName;
  readonly queueId: string;
  readonly email: number;
  readonly messageId: string;
  readonly details: TrailDetails;
}

export interface TrailSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest first count; the answer is in the order of time. */
  readonly limit?: number;
}

const LIMIT = 500;
/** Messages whose whole story is told in one answer. */
const MESSAGES = 50;

interface TrailRow {
  readonly account: number;
  readonly at: number;
  readonly serial: number;
  readonly event: TrailEventName;
  readonly queue_id: string;
  readonly email: number;
  readonly message_id: string;
  readonly details: string;
}

/** Everything about the messages that a key finds: a Message-ID (with or without angle brackets), an SMTP reply's id, a remote address or sender. */
export function* findByKey(key: string, span: TrailSpan): Program<readonly TrailEntry[]> {
  const wanted = normalKey(key);
  const found = new Map<string, TrailRow>();
  const ids = new Map<string, TrailRow>();
  for (const form of wanted.includes('@') && !wanted.startsWith('<') ? [wanted, `<${wanted}>`] : [wanted]) {
    for (const row of yield* rowsOfKey(form, span)) if (mentions(row, form)) ids.set(row.queue_id, row);
  }
  for (const queueId of [...ids.keys()].slice(0, MESSAGES)) {
    for (const row of yield* storyOf(queueId, span)) found.set(`${row.account} ${row.at} ${row.serial}`, row);
  }
  return inOrder([...found.values()], span);
}

/** An account's own trail. */
export function* findByAccount(account: AccountId, span: TrailSpan): Program<readonly TrailEntry[]> {
  const own = yield* all<TrailRow>(sql`
    SELECT account, at, serial, event, queue_id, email, message_id, details FROM trail
    WHERE account = ${account} AND at >= ${span.fromMs} AND at <= ${span.toMs} ORDER BY at DESC, serial DESC LIMIT ${span.limit ?? LIMIT}`);
  return inOrder(own, span);
}

/** All rows with this id: the server's own by key, and through `received` those of the accounts where the message was filed. */
function* storyOf(queueId: string, span: TrailSpan): Program<readonly TrailRow[]> {
  const story = (yield* rowsOfKey(normalKey(queueId), span)).filter((row) => row.queue_id === queueId);
  const filed: TrailRow[] = [];
  for (const row of story) {
    const { accounts } = JSON.parse(row.details) as { readonly accounts?: readonly number[] };
    for (const account of accounts ?? []) {
      const there = yield* all<TrailRow>(sql`
        SELECT account, at, serial, event, queue_id, email, message_id, details FROM trail WHERE account = ${account} AND at = ${row.at} AND queue_id = ${queueId}`);
      filed.push(...there);
    }
  }
  return [...story, ...filed];
}

/** Rows with this key, from the newest period back. */
function* rowsOfKey(key: string, { fromMs, toMs, limit = LIMIT }: TrailSpan): Program<readonly TrailRow[]> {
  const wanted = keyHash(key);
  const found: TrailRow[] = [];
  for (let period = periodOf(toMs); period >= periodOf(fromMs) && found.length < limit; period--) {
    const places = yield* rows<readonly [account: number, at: number, serial: number]>(sql`
      SELECT account, at, serial FROM trail_key WHERE period = ${period} AND hash = ${wanted} ORDER BY account, at, serial LIMIT ${limit}`);
    for (const [account, at, serial] of places) {
      if (at < fromMs || at > toMs) continue;
      const row = yield* one<TrailRow>(sql`
        SELECT account, at, serial, event, queue_id, email, message_id, details FROM trail WHERE account = ${account} AND at = ${at} AND serial = ${serial}`);
      if (row) found.push(row);
    }
  }
  return found;
}

/** Whether a row really is about the key, and not about another with the same hash. */
function mentions(row: TrailRow, key: string): boolean {
  return normalKey(row.message_id) === key || normalKey(row.queue_id) === key || normalKey(row.details).includes(JSON.stringify(key).slice(1, -1));
}

function inOrder(found: readonly TrailRow[], { limit = LIMIT }: TrailSpan): readonly TrailEntry[] {
  return found
    .toSorted((a, b) => a.at - b.at || order(a) - order(b) || a.account - b.account || a.serial - b.serial)
    .slice(-limit)
    .map((row) => ({
      atMs: row.at,
      account: row.account === 0 ? undefined : (row.account as AccountId),
      event: row.event,
      queueId: row.queue_id,
      email: row.email,
      messageId: row.message_id,
      details: JSON.parse(row.details) as TrailDetails,
    }));
}

/** Within a millisecond: first it came. */
function order(row: TrailRow): number {
  return row.event === 'received' ? 0 : 1;
}
