/** What was sent, so that nothing is sent twice: a report is queued and noted in one mutation, and a day that is done is noted. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';
import { enqueue, type Outgoing } from '../enqueue.ts';
import { addressText } from '../path-text.ts';
import { addPosts } from './https/rows.ts';

export type ReportKind = 'dmarc' | 'tls';

export interface QueueReport {
  readonly kind: ReportKind;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly domain: string;
  readonly id: string;
  /** Our address for reports. */
  readonly sender: string;
  /** As mail; undefined: to nobody. */
  readonly outgoing: Outgoing | undefined;
  /** By HTTPS; undefined: to nobody. */
  readonly posts: { readonly uris: readonly string[]; readonly report: Uint8Array } | undefined;
  readonly nowMs: number;
}

/** False: it was sent before. */
export const queueReport: Mutation<QueueReport, boolean> = defineMutation('reports.queue', function* (tx, args: QueueReport) {
  const { kind, day, domain, id, sender, outgoing, posts, nowMs } = args;
  const added = yield* run(sql`
    INSERT INTO report_sent (kind, day, domain, queue_id, sent_at) VALUES (${kind}, ${day}, ${domain}, ${id}, ${nowMs}) ON CONFLICT DO NOTHING`);
  if (added === 0) return false;
  if (outgoing !== undefined) yield* enqueue(tx, outgoing);
  if (posts !== undefined) yield* addPosts({ id, day, domain, ...posts, nowMs });
  const recipients = [...(outgoing?.recipients ?? []).map(({ localPart, domain: at }) => addressText(localPart, at)), ...(posts?.uris ?? [])];
  const details = { report: kind, domain, day };
  yield* record(tx, { event: 'queued', atMs: nowMs, queueId: id, sender, recipients: recipients.map((address) => ({ address })), details });
  return true;
});

export interface DoneDay {
  readonly kind: ReportKind;
  readonly day: string;
  readonly nowMs: number;
}

/** How many days are remembered: of one before, what was sent would be sent again. */
export const DAYS_KEPT: number = 60;

/** Notes that a day is done, and forgets what is long past. */
export const noteDay: Mutation<DoneDay, void> = defineMutation('reports.noteDay', function* (_tx, { kind, day, nowMs }: DoneDay) {
  yield* run(sql`INSERT INTO report_day (kind, day, done_at) VALUES (${kind}, ${day}, ${nowMs}) ON CONFLICT DO NOTHING`);
  const oldest = new Date(nowMs - DAYS_KEPT * 86_400_000).toISOString().slice(0, 10);
  yield* run(sql`DELETE FROM report_day WHERE kind = ${kind} AND day < ${oldest}`);
  yield* run(sql`
    DELETE FROM report_sent WHERE (kind, day, domain) IN (SELECT kind, day, domain FROM report_sent WHERE kind = ${kind} AND day < ${oldest} LIMIT 1000)`);
});

export function* isDone(kind: ReportKind, day: string): Program<boolean> {
  return (yield* one(sql`SELECT 1 FROM report_day WHERE kind = ${kind} AND day = ${day}`)) !== undefined;
}

export function* isSent(kind: ReportKind, day: string, domain: string): Program<boolean> {
  return (yield* one(sql`SELECT 1 FROM report_sent WHERE kind = ${kind} AND day = ${day} AND domain = ${domain}`)) !== undefined;
}

export interface ListedSent {
  readonly kind: ReportKind;
  readonly day: string;
  readonly domain: string;
  readonly id: string;
  readonly sentAtMs: number;
}

/** Reports about `fromDay` and later days, the newest days first. */
export function* listSent(fromDay: string, limit: number): Program<readonly ListedSent[]> {
  return yield* all<ListedSent>(sql`
    SELECT kind, day, domain, queue_id AS id, sent_at AS sentAtMs FROM report_sent
    WHERE kind IN ('dmarc', 'tls') AND day >= ${fromDay} ORDER BY day DESC, kind, domain LIMIT ${limit}`);
}
