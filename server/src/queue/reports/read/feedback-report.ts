/**
 * Reports about single messages: complaints, and failures of authentication.
 *
 * RFC 5965 §2, §3 (Abuse Reporting Format) · RFC 6591 §3 (auth-failure)
 */
import { Header } from '#message/header.ts';
import { parseMessageId } from '#message/message-id.ts';

export interface FeedbackReport {
  /** `abuse`, `auth-failure`, `fraud`, `not-spam`, `other`, `virus`; lower case. */
  readonly kind: string;
  readonly userAgent: string;
  /** Empty where it is not told. */
  readonly originalRecipient: string;
  readonly originalSender: string;
  readonly sourceIp: string;
  readonly reportedDomain: string;
  /** RFC 6591: `adsp`, `bodyhash`, `dmarc`, `signature`, `spf`, ... */
  readonly authFailure: string;
  readonly deliveryResult: string;
  readonly authenticationResults: string;
  readonly arrivalDate: string;
  /** Of the message that is reported, with its angle brackets; empty where that did not come with it. */
  readonly messageId: string;
  /** The ids in its Received fields, the newest first: one may be ours. */
  readonly receivedIds: readonly string[];
}

const MOST_VALUE = 500;
const MOST_RECEIVED = 30;

/** @param fields the message/feedback-report part. @param original the header of the message that is reported, where there is one. */
export function readFeedbackReport(fields: Buffer, original: Buffer | undefined): FeedbackReport | undefined {
  const header = new Header(fields.subarray(0, 64 * 1024));
  const kind = value(header, 'feedback-type').toLowerCase();
  if (!/^[a-z0-9-]{1,40}$/.test(kind)) return undefined;
  return { ...about(original), ...fieldsOf(header), kind };
}

/** A failure told in words only, as an older Exim does: the address it came from, the domain, and the header behind it. */
export function readPlainFailure(text: string): FeedbackReport | undefined {
  const domain = /^[ \t]*Sender Domain:[ \t]*([A-Za-z0-9.-]{1,253})[ \t\r]*$/m.exec(text)?.[1];
  const sourceIp = /^[ \t]*Sender IP Address:[ \t]*([0-9A-Fa-f.:]{2,45})[ \t\r]*$/m.exec(text)?.[1];
  if (domain === undefined || sourceIp === undefined) return undefined;
  const copy = /^---[^\r\n]*?copy of the headers[^\r\n]*\r?\n\s*/m.exec(text);
  const original = copy === null ? undefined : Buffer.from(text.slice(copy.index + copy[0].length, copy.index + 64 * 1024), 'latin1');
  return {
    ...about(original),
    kind: 'auth-failure',
    userAgent: '',
    originalRecipient: '',
    originalSender: '',
    sourceIp,
    reportedDomain: domain.toLowerCase(),
    authFailure: 'dmarc',
    deliveryResult: '',
    authenticationResults: '',
    arrivalDate: /^[ \t]*Received date:[ \t]*([^\r\n]{1,100})$/m.exec(text)?.[1]?.trim() ?? '',
  };
}

function fieldsOf(header: Header): Omit<FeedbackReport, 'kind' | 'messageId' | 'receivedIds'> {
  return {
    userAgent: value(header, 'user-agent'),
    originalRecipient: address(value(header, 'original-rcpt-to')),
    originalSender: address(value(header, 'original-mail-from')),
    sourceIp: value(header, 'source-ip'),
    reportedDomain: value(header, 'reported-domain').toLowerCase(),
    authFailure: value(header, 'auth-failure').toLowerCase(),
    deliveryResult: value(header, 'delivery-result').toLowerCase(),
    authenticationResults: value(header, 'authentication-results'),
    arrivalDate: value(header, 'arrival-date') || value(header, 'received-date'),
  };
}

function about(original: Buffer | undefined): Pick<FeedbackReport, 'messageId' | 'receivedIds'> {
  if (original === undefined) return { messageId: '', receivedIds: [] };
  const header = new Header(original.subarray(0, 256 * 1024));
  const id = parseMessageId(header.first('message-id'));
  const receivedIds = header
    .all('received')
    .slice(0, MOST_RECEIVED)
    .flatMap((field) => /\sid ([A-Za-z0-9]{16})(?=[\s;]|$)/.exec(field)?.[1] ?? []);
  return { messageId: id === undefined ? '' : `<${id}>`, receivedIds };
}

function value(header: Header, name: string): string {
  return (header.first(name) ?? '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MOST_VALUE);
}

function address(text: string): string {
  return text.replace(/^<|>$/g, '').toLowerCase();
}
