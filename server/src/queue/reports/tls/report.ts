/**
 * A TLS report, as JSON and as a mail.
 *
 * RFC 8460 §4 (schema), §5.1 (file name), §5.2, §5.3 (mail)
 */
import { gzipSync } from 'node:zlib';
import { buildMessage, dateField, messageIdField } from '#message/build.ts';
import { splitAddress } from '../../path-text.ts';
import type { TlsDayResult } from '../../transport-security/tls-results.ts';
import type { ReportAddress } from '../mailto.ts';
import { dayStartMs, type ReportSettings } from '../settings.ts';

export interface TlsReport {
  readonly domain: string;
  readonly day: string;
  readonly results: readonly TlsDayResult[];
  readonly settings: ReportSettings;
  readonly id: string;
}

export interface TlsMail {
  readonly to: readonly ReportAddress[];
  readonly packed: Buffer;
  readonly nowMs: number;
}

const DAY_SECONDS = 86_400;

/** RFC 8460 §4.4 */
export function tlsReportJson({ domain, day, results, settings, id }: TlsReport): string {
  return JSON.stringify({
    'organization-name': settings.organization,
    'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
    'contact-info': settings.contact,
    'report-id': id,
    policies: results.map(({ policy, successes, failures }) => ({
      policy: {
        'policy-type': policy.type,
        ...(policy.strings.length > 0 && { 'policy-string': policy.strings }),
        'policy-domain': domain,
        ...(policy.mxHosts.length > 0 && { 'mx-host': policy.mxHosts }),
      },
      summary: { 'total-successful-session-count': successes, 'total-failure-session-count': failures.reduce((sum, { sessions }) => sum + sessions, 0) },
      ...(failures.length > 0 && {
        'failure-details': failures.map((failure) => ({
          'result-type': failure.type,
          ...(failure.sendingAddress !== undefined && { 'sending-mta-ip': failure.sendingAddress }),
          ...(failure.receivingHost !== undefined && { 'receiving-mx-hostname': failure.receivingHost }),
          ...(failure.receivingHelo !== undefined && { 'receiving-mx-helo': failure.receivingHelo }),
          ...(failure.receivingAddress !== undefined && { 'receiving-ip': failure.receivingAddress }),
          'failed-session-count': failure.sessions,
          ...(failure.reason !== undefined && { 'failure-reason-code': failure.reason }),
        })),
      }),
    })),
  });
}

/** The report as it goes out, by mail and by HTTPS. RFC 8460 §5.2 */
export function packTlsReport(report: TlsReport): Buffer {
  return gzipSync(tlsReportJson(report));
}

/** RFC 8460 §5.3: report type, headers and media types are what receivers look for. */
export function writeTlsMail(report: Omit<TlsReport, 'results'> & TlsMail): Buffer {
  const { domain, day, settings, id, to, nowMs, packed } = report;
  const { organization, contact, sender } = settings;
  // Wherever the sender is named, it must be the domain of contact-info (§5.1, §5.3).
  const submitter = splitAddress(contact).domain;
  const begin = dayStartMs(day) / 1000;
  const from = splitAddress(sender);
  return buildMessage(
    [
      { name: 'From', addresses: [{ name: organization, ...from }] },
      { name: 'To', addresses: to.map((address) => ({ name: undefined, ...address })) },
      { name: 'Subject', raw: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${id}@${from.domain}>` },
      dateField(nowMs),
      messageIdField(id, nowMs, from.domain),
      { name: 'TLS-Report-Domain', raw: domain },
      { name: 'TLS-Report-Submitter', raw: submitter },
      // A report about a broken way must get through on that way (RFC 8460 §3).
      { name: 'TLS-Required', raw: 'No' },
      { name: 'Auto-Submitted', raw: 'auto-generated' },
    ],
    {
      kind: 'multipart',
      subtype: 'report',
      parameters: { 'report-type': 'tlsrpt' },
      parts: [
        {
          kind: 'text',
          subtype: 'plain',
          text: `This is a TLS report (RFC 8460) by ${organization} about sessions with the mail servers of ${domain} on ${day} (UTC). Questions: ${contact}\n`,
        },
        {
          kind: 'bytes',
          type: 'application/tlsrpt+gzip',
          bytes: packed,
          encoding: 'base64',
          disposition: { value: 'attachment', fileName: `${submitter}!${domain}!${begin}!${begin + DAY_SECONDS - 1}!${id}.json.gz` },
        },
      ],
    },
    { unique: id },
  );
}
