/** Keeps what was read of reports: a row for each, and complaints counted to the account whose message they are about. */
import type { AccountId, EmailId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { type Program, run, sql } from '#store/sql.ts';
import { countComplaint } from '../limits/count-outcomes.ts';
import { suppress } from '../suppression.ts';

/** A report as it is kept. */
export interface KeptReport {
  readonly kind: 'dmarc' | 'tls' | 'failure';
  readonly domain: string;
  readonly organization: string;
  readonly reportId: string;
  readonly beginMs: number;
  readonly endMs: number;
  readonly passed: number;
  readonly failed: number;
  /** JSON. */
  readonly content: string;
}

/** A complaint about a message of an account. */
export interface KeptComplaint {
  readonly account: AccountId;
  readonly queueId: string;
  readonly kind: string;
  /** Who complained: one of the message's recipients; empty where it is not told, or where the report's origin is not who can tell it. */
  readonly recipient: string;
  readonly origin: string;
}

export interface KeepReports {
  readonly email: EmailId;
  readonly origin: string;
  readonly receivedAtMs: number;
  readonly nowMs: number;
  /** At most 40. */
  readonly reports: readonly KeptReport[];
  readonly complaints: readonly KeptComplaint[];
}

/** Keeps what a mail has brought, and takes the mail off the list of those to be read. A report that came before is kept once; one complaint counts for each message. */
export const keepReports: Mutation<KeepReports, void> = defineMutation('reports.keep', function* (tx, args: KeepReports) {
  const { email, origin, receivedAtMs, nowMs } = args;
  for (const { kind, domain, endMs, organization, reportId, beginMs, passed, failed, content } of args.reports) {
    yield* run(sql`
      INSERT INTO report_received (kind, domain, end_at, organization, report_id, begin_at, received_at, origin, passed, failed, content)
      VALUES (${kind}, ${domain}, ${endMs}, ${organization}, ${reportId}, ${beginMs}, ${receivedAtMs}, ${origin}, ${passed}, ${failed}, ${content})
      ON CONFLICT DO NOTHING`);
  }
  for (const complaint of args.complaints) yield* keepComplaint(tx, complaint, receivedAtMs, nowMs);
  yield* run(sql`DELETE FROM report_mail WHERE email = ${email}`);
});

function* keepComplaint(tx: Tx, { account, queueId, kind, recipient, origin }: KeptComplaint, receivedAtMs: number, nowMs: number): Program<void> {
  const isNew = yield* run(sql`
    INSERT INTO report_complaint (account, queue_id, received_at, kind, recipient, origin)
    VALUES (${account}, ${queueId}, ${receivedAtMs}, ${kind}, ${recipient}, ${origin}) ON CONFLICT DO NOTHING`);
  if (isNew > 0) yield* countComplaint(tx, { account, nowMs });
  if (recipient === '') return;
  // Who complains does not want to be written to again.
  yield* suppress(tx, { account, address: recipient, reason: 'complaint', detail: `${kind}, told by ${origin}`, createdAtMs: nowMs, expiresAtMs: undefined });
}

export interface PruneReports {
  readonly beforeMs: number;
}

const SLICE = 200;

/** Forgets reports that are too old, a slice at a time; returns how many went. */
export const pruneReports: Mutation<PruneReports, number> = defineMutation('reports.prune', function* (_tx, { beforeMs }: PruneReports) {
  const reports = yield* run(sql`
    DELETE FROM report_received WHERE (kind, domain, end_at, organization, report_id) IN
      (SELECT kind, domain, end_at, organization, report_id FROM report_received WHERE received_at < ${beforeMs} ORDER BY received_at LIMIT ${SLICE})`);
  const complaints = yield* run(sql`
    DELETE FROM report_complaint WHERE (account, queue_id) IN (SELECT account, queue_id FROM report_complaint WHERE received_at < ${beforeMs} LIMIT ${SLICE})`);
  return reports + complaints;
});
