/**
 * IMAP ENVELOPE, made once when a message arrives.
 *
 * RFC 9051 §2.3.5, §7.5.2 · RFC 3501 §7.4.2
 *
 * Texts are those of the header, unfolded and still encoded (RFC 2047): clients decode them. Raw octets above 127 go out as UTF-8 literals. The group syntax
 * is kept. A mailbox without a domain has an empty host, because NIL there means a group.
 */
import { ADDRESS_LIMIT, parseRawAddresses, type RawAddress } from './address-list.ts';
import { fieldId } from './field-names.ts';
import type { Header } from './header.ts';
import { imapNString, imapString } from './imap-string.ts';
import { cutOctets } from './octets.ts';

const DATE = fieldId('date');
const SUBJECT = fieldId('subject');
const FROM = fieldId('from');
const SENDER = fieldId('sender');
const REPLY_TO = fieldId('reply-to');
const TO = fieldId('to');
const CC = fieldId('cc');
const BCC = fieldId('bcc');
const IN_REPLY_TO = fieldId('in-reply-to');
const MESSAGE_ID = fieldId('message-id');

/** Octets kept of a subject, an id or another single text. */
const TEXT_LIMIT = 8192;

/** `("date" "subject" (from) (sender) (reply-to) (to) (cc) (bcc) "in-reply-to" "message-id")`. */
export function imapEnvelope(header: Header): Buffer {
  let date: string | undefined;
  let subject: string | undefined;
  let from = '';
  let sender = '';
  let replyTo = '';
  let to = '';
  let cc = '';
  let bcc = '';
  let inReplyTo: string | undefined;
  let messageId: string | undefined;
  for (let i = 0; i < header.count; i++) {
    const id = header.idAt(i);
    if (id < 0) continue;
    // Of repeated texts the first counts; repeated address fields, which occur, are taken together.
    if (id === DATE) date ??= header.valueAt(i);
    else if (id === SUBJECT) subject ??= header.valueAt(i);
    else if (id === FROM) from = joined(from, header.valueAt(i));
    else if (id === SENDER) sender = joined(sender, header.valueAt(i));
    else if (id === REPLY_TO) replyTo = joined(replyTo, header.valueAt(i));
    else if (id === TO) to = joined(to, header.valueAt(i));
    else if (id === CC) cc = joined(cc, header.valueAt(i));
    else if (id === BCC) bcc = joined(bcc, header.valueAt(i));
    else if (id === IN_REPLY_TO) inReplyTo ??= header.valueAt(i);
    else if (id === MESSAGE_ID) messageId ??= header.valueAt(i);
  }
  const fromList = addressList(from);
  const senderList = addressList(sender);
  const replyToList = addressList(replyTo);
  return Buffer.from(
    `(${text(date)} ${text(subject)} ${fromList} ${senderList === 'NIL' ? fromList : senderList} ${replyToList === 'NIL' ? fromList : replyToList} ` +
      `${addressList(to)} ${addressList(cc)} ${addressList(bcc)} ${text(inReplyTo)} ${text(messageId)})`,
    'latin1',
  );
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`;
}

function text(value: string | undefined): string {
  return imapNString(value === undefined ? undefined : cutOctets(value, TEXT_LIMIT));
}

function addressList(value: string): string {
  if (value === '') return 'NIL';
  const addresses = parseRawAddresses(value, ADDRESS_LIMIT);
  if (addresses.length === 0) return 'NIL';
  let out = '(';
  for (const address of addresses) out += imapAddress(address);
  return `${out})`;
}

function imapAddress(address: RawAddress): string {
  if (address.kind === 'group-start') return `(NIL NIL ${imapString(address.name)} NIL)`;
  if (address.kind === 'group-end') return '(NIL NIL NIL NIL)';
  return `(${imapNString(address.name)} ${imapNString(address.route)} ${imapString(address.localPart)} ${imapString(address.domain)})`;
}
