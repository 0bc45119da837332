/**
 * Mails that may be reports: noted when they are filed, read later (read-mails.ts), so that taking a mail in never waits for unpacking one.
 *
 * The addresses are there in every domain without anybody making them, so that `rua=` in the DNS can name them.
 */
import type { EmailId } from '#core/ids.ts';
import type { Tx } from '#store/mutation.ts';
import { all, type Program, run, sql } from '#store/sql.ts';

/** report: to an address for reports. complaint: a feedback report to whom people complain. */
export type ReportMailKind = 'report' | 'complaint';

/** Local parts, in every domain of ours, whose mail is read as reports. The administrator gets it where nobody else has the address. */
export const REPORT_ADDRESSES: ReadonlySet<string> = new Set(['dmarc-reports', 'tls-reports']);
const COMPLAINT_ADDRESSES: ReadonlySet<string> = new Set(['abuse', 'postmaster', 'fbl', 'complaints']);

/** What a mail to an address may be. @param address As it is known here, without detail. @param contentType Of the mail, as it stands in its header. */
export function reportMailKind(address: string, contentType: string): ReportMailKind | undefined {
  const at = address.lastIndexOf('@');
  const localPart = at < 0 ? address : address.slice(0, at);
  if (REPORT_ADDRESSES.has(localPart)) return 'report';
  const isFeedback = /^\s*multipart\/report\b/i.test(contentType) && /\bfeedback-report\b/i.test(contentType);
  return isFeedback && COMPLAINT_ADDRESSES.has(localPart) ? 'complaint' : undefined;
}

export interface ReportMail {
  readonly email: EmailId;
  readonly kind: ReportMailKind;
  /** The author's domain, where DMARC has passed; else empty. */
  readonly origin: string;
  readonly receivedAtMs: number;
}

/** Part of the mutation that files the mail. */
export function* noteReportMail(_tx: Tx, { email, kind, origin, receivedAtMs }: ReportMail): Program<void> {
  yield* run(sql`
    INSERT INTO report_mail (email, kind, origin, received_at) VALUES (${email}, ${kind}, ${origin}, ${receivedAtMs}) ON CONFLICT (email) DO NOTHING`);
}

export function* readReportMailsWaiting(limit: number): Program<readonly ReportMail[]> {
  return yield* all<ReportMail>(sql`SELECT email, kind, origin, received_at AS receivedAtMs FROM report_mail ORDER BY email LIMIT ${limit}`);
}
