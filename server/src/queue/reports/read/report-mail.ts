/** Finds the reports in a mail: attachments packed or plain, one as the whole body, or the parts of a feedback report. */
import { decodeTransfer } from '#message/transfer.ts';
import { transferEncodingOf } from '#message/transfer-encoding.ts';
import { parseMessage } from '#message/parse.ts';
import type { Part } from '#message/part.ts';
import { ReportError, readDmarcReport, type ReceivedDmarcReport } from './dmarc-report.ts';
import { type FeedbackReport, readFeedbackReport, readPlainFailure } from './feedback-report.ts';
import { readTlsReport, type ReceivedTlsReport } from './tls-report.ts';
import { MOST_OUT, unpack, UnpackError } from './unpack.ts';
import { XmlError } from './xml.ts';

export type FoundReport =
  | { readonly kind: 'dmarc'; readonly report: ReceivedDmarcReport }
  | { readonly kind: 'tls'; readonly report: ReceivedTlsReport }
  | { readonly kind: 'feedback'; readonly report: FeedbackReport };

export interface ReadMail {
  readonly reports: readonly FoundReport[];
  /** What looked like a report and could not be read, in words. */
  readonly problems: readonly string[];
}

const MOST_REPORTS = 20;
/** Parts that are unpacked, whatever comes out of them. */
const MOST_PARTS = 40;
const MOST_TEXT = 64 * 1024;

/** Reads a whole mail. Never throws on what came from outside. */
export function readReportMail(mail: Buffer): ReadMail {
  const { root } = parseMessage(mail);
  const reports: FoundReport[] = [];
  const problems: string[] = [];
  let parts = 0;
  // Of all parts together: each could be a bomb of its own.
  let left = MOST_OUT;
  for (const part of leaves(root)) {
    if (reports.length + problems.length >= MOST_REPORTS || parts >= MOST_PARTS || left <= 0) break;
    if (isFeedback(part)) {
      const report = readFeedbackReport(contentOf(mail, part), originalOf(mail, root));
      if (report === undefined) problems.push('a feedback report without a type');
      else reports.push({ kind: 'feedback', report });
    } else if (mayBeReport(part)) {
      try {
        parts++;
        const documents = unpack(contentOf(mail, part), left);
        for (const document of documents) left -= document.length;
        for (const document of documents) reports.push(...readDocument(document, part));
      } catch (error) {
        if (!(error instanceof UnpackError || error instanceof ReportError || error instanceof XmlError)) throw error;
        problems.push(error.message);
      }
    }
  }
  if (reports.length === 0) {
    const plain = [...leaves(root)].find(({ content }) => content.type === 'text' && content.subtype === 'plain');
    const failure = plain && readPlainFailure(contentOf(mail, plain).toString('latin1', 0, MOST_TEXT));
    if (failure !== undefined) reports.push({ kind: 'feedback', report: failure });
  }
  return { reports, problems };
}

/** A report by what it looks like; nothing for what is something else (a logo, a note). Throws ReportError, XmlError. */
function readDocument(document: Buffer, { content }: Part): readonly FoundReport[] {
  const start = document
    .subarray(0, 400)
    .toString('latin1')
    .replace(/[\0\xef\xbb\xbf\xff\xfe\s]+/g, '');
  if (start.startsWith('<') && (isReportType(content.subtype) || /<\?xml|<feedback|<!--/i.test(start)))
    return [{ kind: 'dmarc', report: readDmarcReport(document) }];
  if (start.startsWith('{')) return [{ kind: 'tls', report: readTlsReport(document) }];
  if (isReportType(content.subtype)) throw new ReportError('the attachment holds no report');
  return [];
}

/** In the order of the mail; messages inside it are not looked into. */
function* leaves(part: Part): Iterable<Part> {
  if (part.kind === 'leaf') yield part;
  else if (part.kind === 'multipart') for (const child of part.children) yield* leaves(child);
}

function isFeedback({ content }: Part): boolean {
  return content.type === 'message' && content.subtype === 'feedback-report';
}

function isReportType(subtype: string): boolean {
  return /gzip|zip|xml|json|tlsrpt/.test(subtype);
}

function mayBeReport({ content }: Part): boolean {
  const { type, subtype, disposition, parameters } = content;
  if (type === 'application' || (type === 'text' && isReportType(subtype))) return true;
  const name = [...(disposition?.parameters ?? []), ...parameters].find((parameter) => parameter.name === 'filename' || parameter.name === 'name')?.value ?? '';
  return /\.(?:xml|json|gz|zip)$/i.test(name);
}

/** The header of the message that a feedback report is about: a message part, or a text with its header alone (RFC 5965 §2 d). */
function originalOf(mail: Buffer, root: Part): Buffer | undefined {
  if (root.kind !== 'multipart') return undefined;
  for (const part of root.children) {
    const inner = part.kind === 'message' ? part.children[0] : undefined;
    if (inner !== undefined) return mail.subarray(inner.headerStart, inner.bodyStart);
    if (part.content.subtype === 'rfc822-headers') return contentOf(mail, part);
  }
  return undefined;
}

function contentOf(mail: Buffer, { bodyStart, bodyEnd, content }: Part): Buffer {
  return decodeTransfer(mail.subarray(bodyStart, bodyEnd), transferEncodingOf(content.encoding));
}
