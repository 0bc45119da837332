/** What `capri reports` says, in the languages of the service. */
import type { ShownSending, ShownSentReport } from '#admin/reports-sent.ts';
import type { Language } from '../language.ts';

export interface ReportCounts {
  readonly domain: string;
  readonly reports: number;
  readonly passed: number;
  readonly failed: number;
  readonly reporters: string;
}

export interface ReportTexts {
  readonly noDmarc: string;
  readonly noTls: string;
  readonly noFailures: string;
  readonly noComplaints: string;
  readonly pass: string;
  readonly fail: string;
  /** `unproved`: reports whose sender is not proved. */
  readonly dmarc: (counts: ReportCounts & { readonly unproved: number }) => string;
  readonly tls: (counts: ReportCounts) => string;
  readonly dmarcColumns: readonly string[];
  readonly tlsColumns: readonly string[];
  readonly failureColumns: readonly string[];
  readonly complaintColumns: readonly string[];
  readonly noneSent: string;
  readonly sentColumns: readonly string[];
  readonly states: Readonly<Record<ShownSentReport['to'][number]['state'], string>>;
  readonly sending: (sent: ShownSending) => string;
}

export const REPORT_TEXTS: Readonly<Record<Language, ReportTexts>> = {
  en: {
    noDmarc: 'No DMARC reports have come in.\n',
    noTls: 'No TLS reports have come in.\n',
    noFailures: 'No failure reports have come in.\n',
    noComplaints: 'Nobody has complained.\n',
    pass: 'pass',
    fail: 'FAIL',
    dmarc: ({ domain, reports, unproved, passed, failed, reporters }) =>
      `${domain}: messages passed: ${passed}, failed: ${failed}; reports: ${reports}, of ${reporters}${unproved > 0 ? ` (from senders that are not proved: ${unproved})` : ''}\n`,
    tls: ({ domain, reports, passed, failed, reporters }) =>
      `${domain}: sessions with TLS: ${passed}, failed: ${failed}; reports: ${reports}, of ${reporters}\n`,
    dmarcColumns: ['RESULT', 'MESSAGES', 'SOURCE', 'FROM', 'DKIM', 'SPF', 'DONE', 'SIGNATURES'],
    tlsColumns: ['SESSIONS', 'WHAT', 'HOST', 'WHY', 'TOLD BY'],
    failureColumns: ['TIME', 'DOMAIN', 'SOURCE', 'FAILED', 'MESSAGE-ID', 'TOLD BY'],
    complaintColumns: ['TIME', 'LOGIN', 'MESSAGE', 'KIND', 'RECIPIENT', 'TOLD BY'],
    noneSent: 'No reports were sent.\n',
    sentColumns: ['DAY', 'KIND', 'DOMAIN', 'TO', 'STATE', 'ID', 'SAID'],
    states: { waiting: 'waiting', delivered: 'arrived', failed: 'FAILED' },
    sending: ({ day, reports, later }) =>
      `${reports.length === 0 ? `Nothing is left to be sent of ${day}.\n` : `Queued of ${day}:\n${reports.map(({ kind, domain, to, id }) => `  ${kind} ${domain} to ${to.join(', ')} (${id})\n`).join('')}`}${later > 0 ? `The DNS said nothing about ${later} domains; they are asked again.\n` : ''}`,
  },
  pl: {
    noDmarc: 'Nie ma jeszcze raportów DMARC.\n',
    noTls: 'Nie ma jeszcze raportów TLS.\n',
    noFailures: 'Nie ma raportów o pojedynczych wiadomościach.\n',
    noComplaints: 'Nikt się nie skarżył.\n',
    pass: 'dobrze',
    fail: 'ŹLE',
    dmarc: ({ domain, reports, unproved, passed, failed, reporters }) =>
      `${domain}: wiadomości zgodne: ${passed}, niezgodne: ${failed}; raporty: ${reports}, od ${reporters}${unproved > 0 ? ` (od niepotwierdzonych nadawców: ${unproved})` : ''}\n`,
    tls: ({ domain, reports, passed, failed, reporters }) => `${domain}: sesje z TLS: ${passed}, nieudane: ${failed}; raporty: ${reports}, od ${reporters}\n`,
    dmarcColumns: ['WYNIK', 'WIADOMOŚCI', 'SKĄD', 'NADAWCA', 'DKIM', 'SPF', 'CO ZROBIONO', 'PODPISY'],
    tlsColumns: ['SESJE', 'CO', 'SERWER', 'DLACZEGO', 'KTO PISZE'],
    failureColumns: ['CZAS', 'DOMENA', 'SKĄD', 'CO ZAWIODŁO', 'MESSAGE-ID', 'KTO PISZE'],
    complaintColumns: ['CZAS', 'LOGIN', 'WIADOMOŚĆ', 'RODZAJ', 'ADRESAT', 'KTO PISZE'],
    noneSent: 'Nie wysłano żadnych raportów.\n',
    sentColumns: ['DZIEŃ', 'RODZAJ', 'DOMENA', 'DOKĄD', 'STAN', 'ID', 'ODPOWIEDŹ'],
    states: { waiting: 'czeka', delivered: 'dotarł', failed: 'NIEUDANY' },
    sending: ({ day, reports, later }) =>
      `${reports.length === 0 ? `Nic nie zostało do wysłania z dnia ${day}.\n` : `W kolejce, z dnia ${day}:\n${reports.map(({ kind, domain, to, id }) => `  ${kind} ${domain} na ${to.join(', ')} (${id})\n`).join('')}`}${later > 0 ? `Domeny, o których DNS nic nie powiedział: ${later}; zapytamy o nie ponownie.\n` : ''}`,
  },
};
