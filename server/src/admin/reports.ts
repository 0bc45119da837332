/** What other servers report about us: who sends in the name of our domains, how TLS with us goes, who complains. */
import { yieldToLoop } from '#core/async.ts';
import { z } from 'zod';
import { findAccount } from '#directory/accounts.ts';
import { domainKey } from '#directory/names.ts';
import { type ListedReport, listComplaints, listReportedDomains, listReports } from '#queue/reports/list.ts';
import type { FeedbackReport } from '#queue/reports/read/feedback-report.ts';
import type { DmarcContent, TlsContent } from '#queue/reports/summary.ts';
import type { Store } from '#store/store.ts';
import { operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Reports of one domain that are looked at. */
const MOST_REPORTS = 2000;
const MOST_SOURCES = 500;
const PAGE = 200;

export interface ShownSource {
  readonly sourceIp: string;
  readonly messages: number;
  readonly passed: boolean;
  readonly dkim: string;
  readonly spf: string;
  readonly dispositions: readonly string[];
  readonly headerFrom: string;
  readonly signatures: readonly string[];
  readonly reporters: readonly string[];
}

export interface ShownDmarc {
  readonly domain: string;
  readonly reports: number;
  /** Reports whose own sender is proved (DMARC). */
  readonly authenticReports: number;
  readonly passed: number;
  readonly failed: number;
  readonly reporters: readonly string[];
  /** What failed first, the most first. */
  readonly sources: readonly ShownSource[];
}

export interface ShownTls {
  readonly domain: string;
  readonly reports: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly reporters: readonly string[];
  readonly failures: ReadonlyArray<{
    readonly type: string;
    readonly sessions: number;
    readonly host: string;
    readonly reason: string;
    readonly reporters: readonly string[];
  }>;
}

export interface ShownFailure {
  readonly domain: string;
  readonly at: string;
  readonly sourceIp: string;
  readonly authFailure: string;
  readonly messageId: string;
  readonly reporter: string;
}

export interface ShownComplaint {
  readonly at: string;
  readonly login: string;
  /** Of the message: `capri trail` tells its story. */
  readonly queueId: string;
  readonly kind: string;
  /** Empty where it is not told. */
  readonly recipient: string;
  readonly reporter: string;
}

interface ReportInput {
  readonly domain?: string | undefined;
  readonly days?: number | undefined;
}

const input: z.ZodType<ReportInput> = z.strictObject({ domain: z.string().optional(), days: z.int().min(1).max(3650).optional() });
const texts = z.array(z.string());
const shownDmarc: z.ZodType<ShownDmarc> = z.object({
  domain: z.string(),
  reports: z.number(),
  authenticReports: z.number(),
  passed: z.number(),
  failed: z.number(),
  reporters: texts,
  sources: z.array(
    z.object({
      sourceIp: z.string(),
      messages: z.number(),
      passed: z.boolean(),
      dkim: z.string(),
      spf: z.string(),
      dispositions: texts,
      headerFrom: z.string(),
      signatures: texts,
      reporters: texts,
    }),
  ),
});
const shownTls: z.ZodType<ShownTls> = z.object({
  domain: z.string(),
  reports: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  reporters: texts,
  failures: z.array(z.object({ type: z.string(), sessions: z.number(), host: z.string(), reason: z.string(), reporters: texts })),
});
const shownFailure: z.ZodType<ShownFailure> = z.object({
  domain: z.string(),
  at: z.string(),
  sourceIp: z.string(),
  authFailure: z.string(),
  messageId: z.string(),
  reporter: z.string(),
});
const shownComplaint: z.ZodType<ShownComplaint> = z.object({
  at: z.string(),
  login: z.string(),
  queueId: z.string(),
  kind: z.string(),
  recipient: z.string(),
  reporter: z.string(),
});

export const reportOperations: readonly AnyOperation[] = [
  operation<ReportInput, readonly ShownDmarc[]>({
    name: 'reports.dmarc',
    about: 'Who sends in the name of our domains, as DMARC reports of others have it',
    permission: 'admin',
    input,
    output: z.array(shownDmarc),
    run: async ({ store, clock }, asked) => (await reportsOf(store, 'dmarc', asked, clock.nowMs())).map(showDmarc),
  }),
  operation<ReportInput, readonly ShownTls[]>({
    name: 'reports.tls',
    about: 'How TLS with our servers goes, as TLS reports of others have it',
    permission: 'admin',
    input,
    output: z.array(shownTls),
    run: async ({ store, clock }, asked) => (await reportsOf(store, 'tls', asked, clock.nowMs())).map(showTls),
  }),
  operation<ReportInput, readonly ShownFailure[]>({
    name: 'reports.failures',
    about: 'Single messages in the name of our domains that failed elsewhere',
    permission: 'admin',
    input,
    output: z.array(shownFailure),
    run: async ({ store, clock }, asked) => (await reportsOf(store, 'failure', asked, clock.nowMs())).flatMap(({ reports }) => reports.map(showFailure)),
  }),
  operation<ReportInput, readonly ShownComplaint[]>({
    name: 'reports.complaints',
    about: 'Complaints about messages of our accounts',
    permission: 'admin',
    input,
    output: z.array(shownComplaint),
    async run({ store, clock }, { days = DEFAULT_DAYS }) {
      const shown: ShownComplaint[] = [];
      for (const { account, queueId, receivedAtMs, kind, recipient, origin } of await store.query(
        listComplaints(clock.nowMs() - days * DAY_MS, MOST_REPORTS),
      )) {
        const login = (await store.query(findAccount(account)))?.login ?? String(account);
        shown.push({ at: new Date(receivedAtMs).toISOString(), login, queueId, kind, recipient, reporter: origin });
      }
      return shown;
    },
  }),
];

interface DomainReports {
  readonly domain: string;
  readonly reports: readonly ListedReport[];
}

/** The reports of one domain, or of all, that have some. */
async function reportsOf(
  store: Store,
  kind: 'dmarc' | 'tls' | 'failure',
  { domain, days = DEFAULT_DAYS }: ReportInput,
  nowMs: number,
): Promise<readonly DomainReports[]> {
  const fromMs = nowMs - days * DAY_MS;
  const domains: string[] = domain === undefined ? [] : [domainKey(domain) ?? domain];
  for (let after = ''; domain === undefined; ) {
    const page = await store.query(listReportedDomains(kind, after, PAGE));
    domains.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last;
  }
  const found: DomainReports[] = [];
  for (const name of domains) {
    await yieldToLoop();
    const reports = await store.query(listReports(kind, name, fromMs, MOST_REPORTS));
    if (reports.length > 0) found.push({ domain: name, reports });
  }
  return found;
}

function showDmarc({ domain, reports }: DomainReports): ShownDmarc {
  const sources = new Map<string, { readonly source: ShownSource; messages: number; readonly dispositions: Set<string>; readonly reporters: Set<string> }>();
  for (const { content, organization } of reports) {
    for (const { sourceIp, count, passed, dkim, spf, disposition, headerFrom, signatures } of (JSON.parse(content) as DmarcContent).sources) {
      const key = `${sourceIp} ${dkim} ${spf} ${headerFrom}`;
      const known = sources.get(key);
      if (known === undefined) {
        const source = { sourceIp, messages: 0, passed, dkim, spf, dispositions: [], headerFrom, signatures, reporters: [] };
        sources.set(key, { source, messages: count, dispositions: new Set([disposition]), reporters: new Set([organization]) });
        continue;
      }
      known.messages += count;
      known.dispositions.add(disposition);
      known.reporters.add(organization);
    }
  }
  const rows = [...sources.values()].toSorted((one, other) => Number(one.source.passed) - Number(other.source.passed) || other.messages - one.messages);
  return {
    domain,
    reports: reports.length,
    authenticReports: reports.filter(({ origin }) => origin !== '').length,
    passed: sum(reports, ({ passed }) => passed),
    failed: sum(reports, ({ failed }) => failed),
    reporters: names(reports),
    sources: rows.slice(0, MOST_SOURCES).map(({ source, messages, dispositions, reporters }) => ({
      ...source,
      messages,
      dispositions: [...dispositions].toSorted(),
      reporters: [...reporters].toSorted(),
    })),
  };
}

function showTls({ domain, reports }: DomainReports): ShownTls {
  const failures = new Map<
    string,
    { readonly type: string; sessions: number; readonly host: string; readonly reason: string; readonly reporters: Set<string> }
  >();
  for (const { content, organization } of reports) {
    for (const { type, sessions, host, reason } of (JSON.parse(content) as TlsContent).failures) {
      const key = `${type} ${host} ${reason}`;
      const known = failures.get(key) ?? { type, sessions: 0, host, reason, reporters: new Set<string>() };
      known.sessions += sessions;
      known.reporters.add(organization);
      failures.set(key, known);
    }
  }
  return {
    domain,
    reports: reports.length,
    succeeded: sum(reports, ({ passed }) => passed),
    failed: sum(reports, ({ failed }) => failed),
    reporters: names(reports),
    failures: [...failures.values()]
      .toSorted((one, other) => other.sessions - one.sessions)
      .slice(0, MOST_SOURCES)
      .map(({ reporters, ...rest }) => ({ ...rest, reporters: [...reporters].toSorted() })),
  };
}

function showFailure({ domain, endMs, content, origin }: ListedReport): ShownFailure {
  const { sourceIp, authFailure, messageId } = JSON.parse(content) as FeedbackReport;
  return { domain, at: new Date(endMs).toISOString(), sourceIp, authFailure, messageId, reporter: origin };
}

function sum(reports: readonly ListedReport[], of: (report: ListedReport) => number): number {
  return reports.reduce((total, report) => total + of(report), 0);
}

function names(reports: readonly ListedReport[]): readonly string[] {
  return [...new Set(reports.map(({ organization }) => organization))].toSorted();
}
