/**
 * Aggregate reports as they come: RFC 9990, RFC 7489 before it, and the drafts before that. What a report leaves out is left out; what cannot be a report is refused.
 *
 * RFC 9990 §3.1, Appendix A · RFC 7489 Appendix C
 */
import { decodeXml, readXml } from './xml.ts';

export interface ReceivedDmarcReport {
  readonly organization: string;
  readonly email: string;
  readonly reportId: string;
  readonly beginMs: number;
  readonly endMs: number;
  /** Whose policy; lower case. */
  readonly domain: string;
  /** `p`, `sp`, `np`, `adkim`, `aspf`, `testing`, `pct`, `fo`, `discovery_method`: as the report has them. */
  readonly policy: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly records: readonly ReceivedDmarcRecord[];
  /** Records beyond the bound. */
  readonly leftOut: number;
}

export interface ReceivedDmarcRecord {
  readonly sourceIp: string;
  readonly count: number;
  readonly disposition: string;
  /** Aligned and passed. */
  readonly dkim: string;
  readonly spf: string;
  readonly reasons: readonly string[];
  readonly headerFrom: string;
  readonly envelopeFrom: string;
  readonly dkimResults: ReadonlyArray<{ readonly domain: string; readonly selector: string; readonly result: string }>;
  readonly spfResults: ReadonlyArray<{ readonly domain: string; readonly result: string }>;
}

/** What is no aggregate report, in words. */
export class ReportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReportError';
  }
}

const MOST_RECORDS = 20_000;
const MOST_RESULTS = 20;
/** Messages of one record: sums of what strangers claim stay exact. */
export const MOST_COUNT: number = 1e9;
/** Characters of a value that is kept. */
const MOST_VALUE = 300;
const POLICY = new Set(['p', 'sp', 'np', 'adkim', 'aspf', 'pct', 'fo', 'testing', 'discovery_method']);

type Values = Record<string, string>;

interface GrowingRecord {
  readonly values: Values;
  readonly reasons: string[];
  readonly dkim: Values[];
  readonly spf: Values[];
}

/** Reads a document. Throws ReportError, XmlError. */
export function readDmarcReport(bytes: Buffer): ReceivedDmarcReport {
  const metadata: Values = {};
  const policy: Values = {};
  const errors: string[] = [];
  const records: ReceivedDmarcRecord[] = [];
  let leftOut = 0;
  let domain = '';
  let isReport = false;
  let record: GrowingRecord | undefined;
  for (const event of readXml(decodeXml(bytes), 'feedback')) {
    // Some put another element around it.
    const around = event.path.indexOf('feedback');
    if (around < 0) continue;
    const path = around === 0 ? event.path : event.path.slice(around);
    isReport = true;
    const [, section = '', group = '', kind = '', name = ''] = path;
    if (event.kind === 'open') {
      if (path.length === 2 && section === 'record') record = { values: {}, reasons: [], dkim: [], spf: [] };
      else if (path.length === 4 && group === 'auth_results' && record !== undefined) {
        const results = kind === 'dkim' ? record.dkim : kind === 'spf' ? record.spf : undefined;
        if (results !== undefined && results.length < MOST_RESULTS) results.push({});
      }
      continue;
    }
    const text = clean(event.text);
    if (section === 'report_metadata') {
      if (group === 'error' && path.length === 3) errors.push(text);
      else if (group === 'date_range' && path.length === 4) metadata[kind] = text;
      else if (path.length === 3) metadata[group] = text;
    } else if (section === 'policy_published' && path.length === 3) {
      if (group === 'domain') domain = text.toLowerCase().replace(/\.$/, '');
      else if (POLICY.has(group)) policy[group] = text.toLowerCase();
    } else if (section === 'record' && record !== undefined) {
      if (path.length === 2) {
        if (records.length < MOST_RECORDS) records.push(toRecord(record));
        else leftOut++;
        record = undefined;
      } else take(record, { group, kind, name, depth: path.length, text });
    }
  }
  if (!isReport) throw new ReportError('the document is no DMARC report');
  if (domain === '') throw new ReportError('the document names no domain that it is about');
  const beginMs = secondsToMs(metadata['begin']);
  const endMs = secondsToMs(metadata['end']);
  if (beginMs === undefined || endMs === undefined) throw new ReportError('the document does not say what time it is about');
  return {
    organization: metadata['org_name'] || metadata['email'] || '?',
    email: metadata['email'] ?? '',
    reportId: metadata['report_id'] ?? '',
    beginMs,
    endMs,
    domain,
    policy,
    errors: errors.filter((text) => text !== '').slice(0, 10),
    records,
    leftOut,
  };
}

interface Value {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly depth: number;
  readonly text: string;
}

function take(record: GrowingRecord, { group, kind, name, depth, text }: Value): void {
  // Drafts had the identities of a record in `identities`, and its results without a name around them.
  if (group === 'row') {
    if (depth === 4) record.values[kind] = text;
    else if (depth === 5 && kind === 'policy_evaluated') record.values[name] = text;
    else if (depth === 6 && name === 'reason' && text !== '' && record.reasons.length < 2 * MOST_RESULTS) record.reasons.push(text);
  } else if ((group === 'identifiers' || group === 'identities') && depth === 4) record.values[kind] = text;
  else if (group === 'auth_results' && depth === 5) {
    const results = kind === 'dkim' ? record.dkim : kind === 'spf' ? record.spf : undefined;
    const last = results?.at(-1);
    if (last !== undefined) last[name] = text;
  }
}

function toRecord({ values, reasons, dkim, spf }: GrowingRecord): ReceivedDmarcRecord {
  const count = Number(values['count']);
  return {
    sourceIp: values['source_ip'] ?? '',
    count: Number.isSafeInteger(count) && count > 0 ? Math.min(count, MOST_COUNT) : 1,
    disposition: (values['disposition'] ?? 'none').toLowerCase(),
    dkim: (values['dkim'] ?? '').toLowerCase(),
    spf: (values['spf'] ?? '').toLowerCase(),
    reasons,
    headerFrom: (values['header_from'] ?? '').toLowerCase(),
    envelopeFrom: (values['envelope_from'] ?? '').toLowerCase(),
    dkimResults: dkim.map(({ domain = '', selector = '', result = '' }) => ({ domain: domain.toLowerCase(), selector, result: result.toLowerCase() })),
    spfResults: spf.map(({ domain = '', result = '' }) => ({ domain: domain.toLowerCase(), result: result.toLowerCase() })),
  };
}

/** Whether a record passed: one of both, aligned. */
export function hasPassed({ dkim, spf }: Pick<ReceivedDmarcRecord, 'dkim' | 'spf'>): boolean {
  return dkim === 'pass' || spf === 'pass';
}

/** Seconds since 1970; some write them with a fraction. */
function secondsToMs(text: string | undefined): number | undefined {
  const seconds = /^\d{1,11}(?:\.\d+)?$/.test(text ?? '') ? Math.floor(Number(text)) : Number.NaN;
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function clean(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, MOST_VALUE);
}
