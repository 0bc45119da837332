/**
 * Submission: what a mail program may leave to the server is added, and what nobody else should see is taken out.
 *
 * RFC 6409 §8.1 to §8.3 (Date, Message-ID) · RFC 5322 §3.6.3 (Bcc) · RFC 5321 §4.4 (Return-Path is the last server's) · RFC 6531 §3.6, RFC 6532 (8-bit header)
 */
import { Refusal } from '../delivery.ts';
import { newReceiptId } from '../receipt-id.ts';
import { dateTime } from '../received.ts';
import type { Stage } from '../stage.ts';

export const completion: Stage = {
  name: 'completion',

  submittedHeader(transaction, submitted) {
    const { clock, settings } = transaction.services;
    const { header } = submitted;
    if (!transaction.parameters.smtpUtf8 && /[\x80-\xff]/.test(header.bytes.toString('latin1'))) {
      throw new Refusal(550, '5.6.7', 'Message header is not ASCII: it needs SMTPUTF8');
    }
    for (const name of ['bcc', 'resent-bcc', 'return-path']) submitted.remove(name);
    if (header.countOf('date') === 0) submitted.add('Date', dateTime(clock.nowMs()));
    if (header.countOf('message-id') === 0) submitted.add('Message-ID', `<${newReceiptId()}@${settings.hostname}>`);
  },
};
