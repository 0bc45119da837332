/** TLS reports as they come. RFC 8460 §4 */
import { MOST_COUNT, ReportError } from './dmarc-report.ts';

export interface ReceivedTlsReport {
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  readonly beginMs: number;
  readonly endMs: number;
  readonly policies: readonly ReceivedTlsPolicy[];
}

export interface ReceivedTlsPolicy {
  /** Whom it is about; lower case. */
  readonly domain: string;
  /** `sts`, `tlsa`, `no-policy-found`. */
  readonly type: string;
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly ReceivedTlsFailure[];
}

export interface ReceivedTlsFailure {
  readonly type: string;
  readonly sessions: number;
  readonly sendingAddress: string;
  readonly receivingHost: string;
  readonly receivingAddress: string;
  readonly reason: string;
}

const MOST_POLICIES = 200;
const MOST_FAILURES = 2000;
const MOST_VALUE = 300;

/** Reads a document. Throws ReportError. */
export function readTlsReport(bytes: Buffer): ReceivedTlsReport {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    throw new ReportError('the document is no JSON');
  }
  const report = objectOf(value);
  const range = objectOf(report['date-range']);
  const beginMs = Date.parse(textOf(range['start-datetime']));
  const endMs = Date.parse(textOf(range['end-datetime']));
  const policies = listOf(report['policies'], MOST_POLICIES).map(policyOf);
  if (Number.isNaN(beginMs) || Number.isNaN(endMs)) throw new ReportError('the document does not say what time it is about');
  if (policies.every(({ domain }) => domain === '')) throw new ReportError('the document names no domain that it is about');
  return {
    organization: textOf(report['organization-name']) || '?',
    contact: textOf(report['contact-info']),
    reportId: textOf(report['report-id']),
    beginMs,
    endMs,
    policies: policies.filter(({ domain }) => domain !== ''),
  };
}

function policyOf(value: unknown): ReceivedTlsPolicy {
  const one = objectOf(value);
  const policy = objectOf(one['policy']);
  const summary = objectOf(one['summary']);
  return {
    domain: textOf(policy['policy-domain']).toLowerCase().replace(/\.$/, ''),
    type: textOf(policy['policy-type']),
    successes: countOf(summary['total-successful-session-count']),
    failures: countOf(summary['total-failure-session-count']),
    details: listOf(one['failure-details'], MOST_FAILURES).map(failureOf),
  };
}

function failureOf(value: unknown): ReceivedTlsFailure {
  const failure = objectOf(value);
  return {
    type: textOf(failure['result-type']),
    sessions: countOf(failure['failed-session-count']),
    sendingAddress: textOf(failure['sending-mta-ip']),
    receivingHost: textOf(failure['receiving-mx-hostname']),
    receivingAddress: textOf(failure['receiving-ip']),
    reason: textOf(failure['failure-reason-code']) || textOf(failure['additional-information']),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown, limit: number): readonly unknown[] {
  return Array.isArray(value) ? (value.slice(0, limit) as readonly unknown[]) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
        .replace(/\p{Cc}+/gu, ' ')
        .trim()
        .slice(0, MOST_VALUE)
    : '';
}

/** Some write numbers as text. */
function countOf(value: unknown): number {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? Math.min(count, MOST_COUNT) : 0;
}
