import type { ShownComplaint, ShownDmarc, ShownFailure, ShownTls } from '#admin/reports.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, type Option, usageError } from '../command.ts';
import { formatTable } from '../table.ts';

const DOMAIN: Option = { about: 'only reports about this domain', value: 'D' };
const DAYS: Option = { about: 'of the last N days (30)', value: 'N' };

export const reportCommands: readonly Command[] = [
  {
    name: 'reports dmarc',
    about: 'Show who sends in the name of our domains, as other servers report it',
    operands: [],
    options: { domain: DOMAIN, days: DAYS },
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownDmarc[]>(invocation, 'reports.dmarc', inputOf(invocation)), (domains) =>
        domains.length === 0 ? 'No DMARC reports have come in.\n' : domains.map(dmarcText).join('\n'),
      );
    },
  },
  {
    name: 'reports tls',
    about: 'Show how TLS with our servers goes, as other servers report it',
    operands: [],
    options: { domain: DOMAIN, days: DAYS },
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownTls[]>(invocation, 'reports.tls', inputOf(invocation)), (domains) =>
        domains.length === 0 ? 'No TLS reports have come in.\n' : domains.map(tlsText).join('\n'),
      );
    },
  },
  {
    name: 'reports failures',
    about: 'Show single messages in the name of our domains that failed elsewhere',
    operands: [],
    options: { domain: DOMAIN, days: DAYS },
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownFailure[]>(invocation, 'reports.failures', inputOf(invocation)), (failures) =>
        failures.length === 0
          ? 'No failure reports have come in.\n'
          : formatTable(
              ['TIME', 'DOMAIN', 'FROM', 'FAILED', 'MESSAGE-ID', 'TOLD BY'],
              failures.map(({ at, domain, sourceIp, authFailure, messageId, reporter }) => [
                short(at),
                domain,
                sourceIp,
                authFailure,
                messageId,
                reporter || '?',
              ]),
            ),
      );
    },
  },
  {
    name: 'reports complaints',
    about: 'Show complaints about messages of our accounts',
    operands: [],
    options: { days: DAYS },
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownComplaint[]>(invocation, 'reports.complaints', inputOf(invocation)), (complaints) =>
        complaints.length === 0
          ? 'Nobody has complained.\n'
          : formatTable(
              ['TIME', 'LOGIN', 'MESSAGE', 'KIND', 'RECIPIENT', 'TOLD BY'],
              complaints.map(({ at, login, queueId, kind, recipient, reporter }) => [short(at), login, queueId, kind, recipient || '-', reporter]),
            ),
      );
    },
  },
];

function inputOf(invocation: Invocation): unknown {
  const days = invocation.value('days');
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days)) throw usageError(`--days ${days} is not a number of days`);
  return { domain: invocation.value('domain'), days: days === undefined ? undefined : Number(days) };
}

function dmarcText({ domain, reports, authenticReports, passed, failed, reporters, sources }: ShownDmarc): string {
  const unproved = reports - authenticReports;
  const head = `${domain}: ${passed} messages passed, ${failed} failed; ${reports} reports of ${reporters.join(', ')}${unproved > 0 ? ` (${unproved} from senders that are not proved)` : ''}\n`;
  if (sources.length === 0) return head;
  const rows = sources.map((source) => [
    source.passed ? 'pass' : 'FAIL',
    String(source.messages),
    source.sourceIp,
    source.headerFrom,
    source.dkim,
    source.spf,
    source.dispositions.join(', '),
    source.signatures.join('; ') || '-',
  ]);
  return head + formatTable(['RESULT', 'MESSAGES', 'SOURCE', 'FROM', 'DKIM', 'SPF', 'DONE', 'SIGNATURES'], rows);
}

function tlsText({ domain, reports, succeeded, failed, reporters, failures }: ShownTls): string {
  const head = `${domain}: ${succeeded} sessions with TLS, ${failed} failed; ${reports} reports of ${reporters.join(', ')}\n`;
  if (failures.length === 0) return head;
  const rows = failures.map(({ type, sessions, host, reason, reporters: tellers }) => [String(sessions), type, host || '-', reason || '-', tellers.join(', ')]);
  return head + formatTable(['SESSIONS', 'WHAT', 'HOST', 'WHY', 'TOLD BY'], rows);
}

function short(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
