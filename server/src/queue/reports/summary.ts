/** What is kept of a report that was read: bounded, what failed first, sources that fared alike in one row. */
import { hasPassed, type ReceivedDmarcReport } from './read/dmarc-report.ts';
import type { FeedbackReport } from './read/feedback-report.ts';
import type { ReceivedTlsReport } from './read/tls-report.ts';
import type { KeptReport } from './keep.ts';

/** Messages of one source that fared alike. */
export interface DmarcSource {
  readonly sourceIp: string;
  readonly count: number;
  readonly passed: boolean;
  readonly disposition: string;
  /** Aligned and passed. */
  readonly dkim: string;
  readonly spf: string;
  readonly headerFrom: string;
  readonly envelopeFrom: string;
  /** `pass sender.example (s1)` */
  readonly signatures: readonly string[];
  readonly reasons: readonly string[];
}

export interface DmarcContent {
  readonly policy: Readonly<Record<string, string>>;
  readonly sources: readonly DmarcSource[];
  /** Messages that are in no row. */
  readonly leftOut: number;
}

export interface TlsContent {
  readonly policy: string;
  readonly failures: ReadonlyArray<{
    readonly type: string;
    readonly sessions: number;
    readonly host: string;
    readonly address: string;
    readonly reason: string;
  }>;
}

const MOST_SOURCES = 1000;
const MOST_FAILURES = 200;
/** Characters of what is kept of one report: a few kilobytes of a packed mail must not become megabytes in the database. */
const MOST_CONTENT = 128 * 1024;
const KEY_LENGTH = 255;

export function keepDmarc(report: ReceivedDmarcReport): KeptReport {
  const sources = report.records.map(
    (record): DmarcSource => ({
      sourceIp: record.sourceIp,
      count: record.count,
      passed: hasPassed(record),
      disposition: record.disposition,
      dkim: record.dkim,
      spf: record.spf,
      headerFrom: record.headerFrom,
      envelopeFrom: record.envelopeFrom,
      signatures: record.dkimResults.map(({ domain, selector, result }) => `${result} ${domain}${selector === '' ? '' : ` (${selector})`}`).slice(0, 5),
      reasons: record.reasons.slice(0, 4),
    }),
  );
  const sorted = sources.toSorted((one, other) => Number(one.passed) - Number(other.passed) || other.count - one.count);
  const sum = (rows: readonly DmarcSource[]): number => rows.reduce((total, { count }) => total + count, 0);
  const kept = fitting(sorted.slice(0, MOST_SOURCES));
  const content: DmarcContent = { policy: report.policy, sources: kept, leftOut: sum(sorted.slice(kept.length)) + report.leftOut };
  return {
    kind: 'dmarc',
    domain: report.domain.slice(0, KEY_LENGTH),
    organization: report.organization.slice(0, KEY_LENGTH),
    reportId: report.reportId.slice(0, KEY_LENGTH),
    beginMs: report.beginMs,
    endMs: report.endMs,
    passed: sum(sources.filter(({ passed }) => passed)),
    failed: sum(sources.filter(({ passed }) => !passed)),
    content: JSON.stringify(content),
  };
}

/** One for each domain that the report is about. */
export function keepTls(report: ReceivedTlsReport): readonly KeptReport[] {
  return report.policies.map((policy, index) => {
    const failures = policy.details
      .map(({ type, sessions, receivingHost, receivingAddress, reason }) => ({ type, sessions, host: receivingHost, address: receivingAddress, reason }))
      .toSorted((one, other) => other.sessions - one.sessions);
    const content: TlsContent = { policy: policy.type, failures: fitting(failures.slice(0, MOST_FAILURES)) };
    return {
      kind: 'tls',
      domain: policy.domain.slice(0, KEY_LENGTH),
      organization: report.organization.slice(0, KEY_LENGTH),
      // A report may tell of one domain under several policies.
      reportId: `${report.reportId.slice(0, KEY_LENGTH)}${index === 0 ? '' : `#${index + 1}`}`,
      beginMs: report.beginMs,
      endMs: report.endMs,
      passed: policy.successes,
      failed: policy.failures,
      content: JSON.stringify(content),
    };
  });
}

/** The first of these that fit into what is kept of a report. */
function fitting<T>(rows: readonly T[]): readonly T[] {
  let left = MOST_CONTENT;
  const count = rows.findIndex((row) => (left -= JSON.stringify(row).length) < 0);
  return count < 0 ? rows : rows.slice(0, count);
}

/** A failure of authentication, RFC 6591. */
export function keepFailure(report: FeedbackReport, origin: string, receivedAtMs: number): KeptReport {
  const atMs = Date.parse(report.arrivalDate);
  // What a stranger dates into the future would stand first for years.
  const whenMs = Number.isNaN(atMs) ? receivedAtMs : Math.min(atMs, receivedAtMs);
  return {
    kind: 'failure',
    domain: report.reportedDomain.slice(0, KEY_LENGTH),
    organization: origin.slice(0, KEY_LENGTH),
    reportId: (report.messageId || `${report.sourceIp} ${report.arrivalDate}`).slice(0, KEY_LENGTH),
    beginMs: whenMs,
    endMs: whenMs,
    passed: 0,
    failed: 1,
    content: JSON.stringify(report),
  };
}
