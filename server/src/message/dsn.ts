/**
 * Delivery status notifications.
 *
 * RFC 3464 (message/delivery-status) · RFC 6522 (multipart/report) · RFC 3461 §6 (what a DSN must be) · RFC 6533 (addresses in UTF-8) · RFC 3834 (Auto-Submitted)
 */
import { isAscii } from 'node:buffer';
import { type BuiltField, type BuiltPart, buildMessage, dateField, messageIdField } from './build.ts';
import { formatDate } from './date.ts';
import { humanText, SEVERITY } from './dsn-human.ts';
import { type DsnAction, dsnLanguage, dsnTexts } from './dsn-text.ts';
import { Header } from './header.ts';
import { findHeaderEnd } from './header-end.ts';

export interface DsnRecipient {
  /** `local@domain`, as we delivered to it. */
  readonly address: string;
  /** ORCPT as given: `rfc822;jan@example.com`. RFC 3461 §4.2 */
  readonly originalRecipient?: string | undefined;
  readonly action: DsnAction;
  /** RFC 3463: `5.1.1`. */
  readonly status: string;
  /** Who said it; undefined where it was ourselves. */
  readonly remoteHost?: string | undefined;
  /** The reply, `550 5.1.1 unknown user`; several lines joined by spaces. */
  readonly diagnostic?: string | undefined;
  readonly lastAttemptMs?: number | undefined;
  /** Why, and what helps: a sentence each, in the language of the notice. For failures and delays. */
  readonly cause?: string | undefined;
  readonly remedy?: string | undefined;
  /** For delays: when we try again. */
  readonly nextAttemptMs?: number | undefined;
  /** For delays: when we give up. */
  readonly retryUntilMs?: number | undefined;
}

export interface Dsn {
  /** Our host name. */
  readonly reportingHost: string;
  /** `postmaster@domain`: the author. */
  readonly from: { readonly name: string; readonly localPart: string; readonly domain: string };
  /** The sender of the message. */
  readonly to: { readonly localPart: string; readonly domain: string };
  /** For people: `pl`, `en`. */
  readonly language: string;
  /** For people: the zone of the times, a name of the IANA list; UTC if nothing is said. */
  readonly timeZone?: string;
  readonly nowMs: number;
  readonly arrivalMs: number;
  /** By when the message was to be delivered. RFC 2852 §5 */
  readonly deliverByMs?: number | undefined;
  /** ENVID as given (xtext decoded). RFC 3461 §4.4 */
  readonly envelopeId?: string | undefined;
  /** Letters and digits that occur in no other message. */
  readonly unique: string;
  readonly recipients: readonly DsnRecipient[];
  /** The message (or its beginning), as it was sent. */
  readonly original: Uint8Array;
  /** `message`: the whole original (RET=FULL); `header`: only its header. */
  readonly returned: 'message' | 'header';
  /** Whether the sender's server takes internationalised mail (the message came with SMTPUTF8). */
  readonly smtpUtf8: boolean;
}

/** Writes the notification. Its envelope must have the null reverse-path. */
export function buildDsn(dsn: Dsn): Buffer {
  const texts = dsnTexts(dsn.language);
  const action = worstAction(dsn.recipients);
  const original = Buffer.from(dsn.original);
  const headerEnd = findHeaderEnd(original);
  const header = new Header(original.subarray(0, headerEnd));
  const fields: BuiltField[] = [
    { name: 'From', addresses: [dsn.from] },
    { name: 'To', addresses: [{ name: undefined, ...dsn.to }] },
    { name: 'Subject', text: texts.subject[action] },
    dateField(dsn.nowMs),
    messageIdField(dsn.unique, dsn.nowMs, dsn.reportingHost),
    // RFC 3834 §3.1.7: so that nothing answers it automatically.
    { name: 'Auto-Submitted', raw: 'auto-replied' },
  ];
  const messageId = header.first('message-id');
  if (messageId !== undefined && /^<[!-~]{1,900}>$/.test(messageId))
    fields.push({ name: 'In-Reply-To', raw: messageId }, { name: 'References', raw: messageId });
  const parts: BuiltPart[] = [
    { kind: 'text', subtype: 'plain', text: humanText(dsn, header), fields: [{ name: 'Content-Language', raw: dsnLanguage(dsn.language) }] },
    statusPart(dsn),
    returnedPart(dsn, original, headerEnd),
  ];
  return buildMessage(
    fields,
    { kind: 'multipart', subtype: 'report', parts, parameters: { 'report-type': 'delivery-status' } },
    { unique: dsn.unique, allowsEightBit: dsn.smtpUtf8, allowsUtf8Header: dsn.smtpUtf8 },
  );
}

function worstAction(recipients: readonly DsnRecipient[]): DsnAction {
  return SEVERITY.find((action) => recipients.some((recipient) => recipient.action === action)) ?? 'failed';
}

/** RFC 3464 §2: fields of the message, then of each recipient, groups apart by empty lines. */
function statusPart(dsn: Dsn): BuiltPart {
  const groups: string[] = [];
  const message = [`Reporting-MTA: dns; ${dsn.reportingHost}`];
  // RFC 3464 §2.2.1: first, and as the sender gave it.
  if (dsn.envelopeId !== undefined) message.unshift(`Original-Envelope-Id: ${oneLine(dsn.envelopeId)}`);
  message.push(`Arrival-Date: ${formatDate(dsn.arrivalMs)}`);
  if (dsn.deliverByMs !== undefined) message.push(`Deliver-By-Date: ${formatDate(dsn.deliverByMs)}`);
  groups.push(message.join('\r\n'));
  for (const recipient of dsn.recipients) {
    const lines: string[] = [];
    if (recipient.originalRecipient !== undefined) lines.push(`Original-Recipient: ${typedOriginal(recipient.originalRecipient, dsn.smtpUtf8)}`);
    lines.push(`Final-Recipient: ${typedAddress(recipient.address, dsn.smtpUtf8)}`, `Action: ${recipient.action}`, `Status: ${statusOf(recipient)}`);
    const remote = mtaName(recipient.remoteHost);
    if (remote !== undefined) lines.push(`Remote-MTA: dns; ${remote}`);
    if (recipient.diagnostic !== undefined)
      lines.push(`Diagnostic-Code: ${recipient.remoteHost === undefined ? 'X-Capri' : 'smtp'}; ${asText(recipient.diagnostic, dsn.smtpUtf8)}`);
    if (recipient.lastAttemptMs !== undefined) lines.push(`Last-Attempt-Date: ${formatDate(recipient.lastAttemptMs)}`);
    if (recipient.retryUntilMs !== undefined && recipient.action === 'delayed') lines.push(`Will-Retry-Until: ${formatDate(recipient.retryUntilMs)}`);
    groups.push(lines.join('\r\n'));
  }
  const bytes = Buffer.from(`${groups.join('\r\n\r\n')}\r\n`, 'utf8');
  return { kind: 'bytes', type: dsn.smtpUtf8 ? 'message/global-delivery-status' : 'message/delivery-status', bytes, encoding: 'identity' };
}

/** RFC 3464 §2.3.4 wants a code; what is none is replaced by what the action comes to. */
function statusOf({ status, action }: DsnRecipient): string {
  if (/^[245]\.\d{1,3}\.\d{1,3}$/.test(status)) return status;
  return action === 'failed' ? '5.0.0' : action === 'delayed' ? '4.0.0' : '2.0.0';
}

/** RFC 3464 §2.3.5: the name alone, or an address literal, of `mx.example.net [192.0.2.1]`. */
function mtaName(host: string | undefined): string | undefined {
  return host === undefined ? undefined : /^\s*(\[[0-9A-Fa-f.:IPv]{2,60}\]|[\w.-]{1,255})/u.exec(host)?.[1];
}

/** RFC 6522 §3: the original or its header; RFC 6533 §4 where they are not ASCII. */
function returnedPart(dsn: Dsn, original: Buffer, headerEnd: number): BuiltPart {
  const header = original.subarray(0, headerEnd);
  const isGlobal = dsn.smtpUtf8 && !isAscii(header);
  if (dsn.returned === 'message') return { kind: 'bytes', type: isGlobal ? 'message/global' : 'message/rfc822', bytes: original, encoding: 'identity' };
  return {
    kind: 'bytes',
    type: isGlobal ? 'message/global-headers' : 'text/rfc822-headers',
    bytes: header,
    ...(isGlobal && { encoding: 'identity' as const }),
  };
}

/** RFC 3464 §2.3.2, RFC 6533 §3: an address of type utf-8, spelled in ASCII (`\x{142}`) where the notification must be ASCII. */
function typedAddress(address: string, allowsUtf8: boolean): string {
  const clean = oneLine(address);
  if (isPlainAscii(clean)) return `rfc822; ${clean}`;
  return `utf-8; ${allowsUtf8 ? clean : unitext(clean)}`;
}

/** ORCPT is `type;address`; RFC 3464 §2.3.1 keeps both. */
function typedOriginal(value: string, allowsUtf8: boolean): string {
  const clean = oneLine(value);
  const semicolon = clean.indexOf(';');
  if (semicolon < 1) return typedAddress(clean, allowsUtf8);
  const address = clean.slice(semicolon + 1).trim();
  return `${clean.slice(0, semicolon)}; ${isPlainAscii(address) || allowsUtf8 ? address : unitext(address)}`;
}

function asText(text: string, allowsUtf8: boolean): string {
  const clean = oneLine(text);
  return allowsUtf8 || isPlainAscii(clean) ? clean : clean.replace(/[^ -~]/gu, '?');
}

function isPlainAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** RFC 6533 §3 utf-8-addr-unitext: `+`, `=` and `\` are written out too. */
function unitext(text: string): string {
  return text.replace(/[^!-*,-<>-[\]-~]/gu, (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}

/** Without line ends and other controls, which would make fields of their own; at most 900 characters, so that a line stays legal. */
function oneLine(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 900);
}
