import type { ShownSending, ShownSentReport } from '#admin/reports-sent.ts';
import type { ShownComplaint, ShownDmarc, ShownFailure, ShownTls } from '#admin/reports.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, type Option, usageError } from '../command.ts';
import { LANG_OPTION, languageOf } from '../language.ts';
import { formatTable } from '../table.ts';
import { type ReportTexts, REPORT_TEXTS } from './report-texts.ts';

const DOMAIN: Option = { about: 'only reports about this domain', value: 'D' };
const DAYS: Option = { about: 'of the last N days (30)', value: 'N' };
const SENT_DAYS: Option = { about: 'about the last N days (7)', value: 'N' };
const ABOUT_DOMAIN: Readonly<Record<string, Option>> = { domain: DOMAIN, days: DAYS, lang: LANG_OPTION };

export const reportCommands: readonly Command[] = [
  shown<ShownDmarc>('dmarc', 'Show who sends in the name of our domains, as other servers report it', ABOUT_DOMAIN, (domains, texts) =>
    domains.length === 0 ? texts.noDmarc : domains.map((one) => dmarcText(one, texts)).join('\n'),
  ),
  shown<ShownTls>('tls', 'Show how TLS with our servers goes, as other servers report it', ABOUT_DOMAIN, (domains, texts) =>
    domains.length === 0 ? texts.noTls : domains.map((one) => tlsText(one, texts)).join('\n'),
  ),
  shown<ShownFailure>('failures', 'Show single messages in the name of our domains that failed elsewhere', ABOUT_DOMAIN, (failures, texts) =>
    failures.length === 0
      ? texts.noFailures
      : formatTable(
          texts.failureColumns,
          failures.map(({ at, domain, sourceIp, authFailure, messageId, reporter }) => [short(at), domain, sourceIp, authFailure, messageId, reporter || '?']),
        ),
  ),
  shown<ShownComplaint>('complaints', 'Show complaints about messages of our accounts', { days: DAYS, lang: LANG_OPTION }, (complaints, texts) =>
    complaints.length === 0
      ? texts.noComplaints
      : formatTable(
          texts.complaintColumns,
          complaints.map(({ at, login, queueId, kind, recipient, reporter }) => [short(at), login, queueId, kind, recipient || '-', reporter]),
        ),
  ),
  shown<ShownSentReport>(
    'sent',
    'Show the reports that were sent to other servers, and whether they have arrived',
    { days: SENT_DAYS, lang: LANG_OPTION },
    (reports, texts) =>
      reports.length === 0
        ? texts.noneSent
        : formatTable(
            texts.sentColumns,
            reports.flatMap(({ day, kind, domain, id, to }) =>
              to.map(({ address, state, said }) => [day, kind, domain, address, texts.states[state], id, said || '-']),
            ),
          ),
  ),
  {
    name: 'reports send',
    about: 'Send the reports of a day that have not been sent, instead of waiting for the next hour',
    operands: [],
    options: { day: { about: 'a day (UTC) that is over: 2026-11-23; the last one if nothing is said', value: 'D' }, lang: LANG_OPTION },
    async run(invocation) {
      const texts = REPORT_TEXTS[languageOf(invocation)];
      const day = invocation.value('day');
      report(invocation, await callOperation<ShownSending>(invocation, 'reports.send', day === undefined ? {} : { day }), (sent) => texts.sending(sent));
    },
  },
];

function shown<Item>(
  name: string,
  about: string,
  options: Readonly<Record<string, Option>>,
  text: (items: readonly Item[], texts: ReportTexts) => string,
): Command {
  return {
    name: `reports ${name}`,
    about,
    operands: [],
    options,
    async run(invocation) {
      const texts = REPORT_TEXTS[languageOf(invocation)];
      report(invocation, await callOperation<readonly Item[]>(invocation, `reports.${name}`, inputOf(invocation)), (items) => text(items, texts));
    },
  };
}

function inputOf(invocation: Invocation): unknown {
  const days = invocation.value('days');
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days)) throw usageError(`--days ${days} is not a number of days`);
  const domain = invocation.value('domain');
  return { ...(domain !== undefined && { domain }), ...(days !== undefined && { days: Number(days) }) };
}

function dmarcText({ domain, reports, authenticReports, passed, failed, reporters, sources }: ShownDmarc, texts: ReportTexts): string {
  const head = texts.dmarc({ domain, reports, unproved: reports - authenticReports, passed, failed, reporters: reporters.join(', ') });
  if (sources.length === 0) return head;
  const rows = sources.map((source) => [
    source.passed ? texts.pass : texts.fail,
    String(source.messages),
    source.sourceIp,
    source.headerFrom,
    source.dkim,
    source.spf,
    source.dispositions.join(', '),
    source.signatures.join('; ') || '-',
  ]);
  return head + formatTable(texts.dmarcColumns, rows);
}

function tlsText({ domain, reports, succeeded, failed, reporters, failures }: ShownTls, texts: ReportTexts): string {
  const head = texts.tls({ domain, reports, passed: succeeded, failed, reporters: reporters.join(', ') });
  if (failures.length === 0) return head;
  const rows = failures.map(({ type, sessions, host, reason, reporters: tellers }) => [String(sessions), type, host || '-', reason || '-', tellers.join(', ')]);
  return head + formatTable(texts.tlsColumns, rows);
}

function short(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
