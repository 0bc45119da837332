/** Questions about what was received: by kind and domain, the newest days. */
import type { AccountId } from '#core/ids.ts';
import { all, type Program, sql } from '#store/sql.ts';

export interface ListedReport {
  readonly domain: string;
  readonly organization: string;
  readonly reportId: string;
  readonly beginMs: number;
  readonly endMs: number;
  readonly receivedAtMs: number;
  /** The author's domain of the mail, where DMARC has passed; else empty. */
  readonly origin: string;
  readonly passed: number;
  readonly failed: number;
  /** JSON. */
  readonly content: string;
}

/** Reports about a domain that end at `fromMs` or later, the newest first. */
export function* listReports(kind: 'dmarc' | 'tls' | 'failure', domain: string, fromMs: number, limit: number): Program<readonly ListedReport[]> {
  return yield* all<ListedReport>(sql`
    SELECT domain, organization, report_id AS reportId, begin_at AS beginMs, end_at AS endMs, received_at AS receivedAtMs, origin, passed, failed, content
    FROM report_received WHERE kind = ${kind} AND domain = ${domain} AND end_at >= ${fromMs} ORDER BY end_at DESC LIMIT ${limit}`);
}

/** Domains that reports of this kind are about, behind `after`. */
export function* listReportedDomains(kind: 'dmarc' | 'tls' | 'failure', after: string, limit: number): Program<readonly string[]> {
  const found = yield* all<{ readonly domain: string }>(sql`
    SELECT DISTINCT domain FROM report_received WHERE kind = ${kind} AND domain > ${after} ORDER BY domain LIMIT ${limit}`);
  return found.map(({ domain }) => domain);
}

export interface ListedComplaint {
  readonly account: AccountId;
  readonly queueId: string;
  readonly receivedAtMs: number;
  readonly kind: string;
  readonly recipient: string;
  readonly origin: string;
}

/** Complaints of the last days, the newest first. */
export function* listComplaints(fromMs: number, limit: number): Program<readonly ListedComplaint[]> {
  return yield* all<ListedComplaint>(sql`
    SELECT account, queue_id AS queueId, received_at AS receivedAtMs, kind, recipient, origin FROM report_complaint
    WHERE received_at >= ${fromMs} ORDER BY received_at DESC LIMIT ${limit}`);
}
