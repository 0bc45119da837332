/**
 * The notice of a delivery here, for who submitted the message and asked for it (NOTIFY=SUCCESS). It is filed in the sender's own mailbox by the same mutation
 * that files the message, so that it can neither be missing nor be untrue.
 *
 * RFC 3461 §4.1, §4.3 (a notice of success returns the header only), §6.2.4 · RFC 3464
 *
 * Only submission offers DSN: from strangers it would be an invitation to have notices sent to others.
 */
import type { AccountId } from '#core/ids.ts';
import { localTimeZone } from '#core/clock.ts';
import { buildDsn } from '#message/dsn.ts';
import { prepareMessage } from '#message/prepare.ts';
import { decodeOriginalRecipient } from '#queue/path-text.ts';
import type { Notice } from './accept.ts';
import { asciiDomain } from './path-text.ts';
import type { Handling } from './forwarding/notices.ts';
import { newReceiptId } from './receipt-id.ts';
import type { LocalTarget, Target } from './targets.ts';
import type { Transaction } from './transaction.ts';

/** A notice and its octets. */
export interface WrittenNotice {
  readonly notice: Notice;
  readonly bytes: Uint8Array;
}

/** Undefined where nobody has asked, or nobody can be told. */
export function successNotice(transaction: Transaction, header: Uint8Array, nowMs: number): WrittenNotice | undefined {
  const { peer, sender, senderText, parameters, services, targets } = transaction;
  const { identity } = peer;
  if (identity === undefined || sender === undefined) return undefined;
  // What went on to one target alone is told of from there (RFC 3461 §5.2.7).
  const handling = (account: AccountId): Handling => transaction.forwarding?.handled.get(account) ?? 'kept';
  const delivered = targets.accepted.filter(isToldOf).filter(({ account }) => handling(account) !== 'relayed');
  if (delivered.length === 0) return undefined;
  const { hostname } = services.settings;
  const domain = asciiDomain(sender.domain) ?? sender.domain;
  const id = newReceiptId();
  const bytes = buildDsn({
    reportingHost: hostname,
    from: { name: 'Mail Delivery System', localPart: 'postmaster', domain },
    to: { localPart: sender.localPart, domain },
    language: identity.language,
    timeZone: localTimeZone(),
    nowMs,
    arrivalMs: nowMs,
    envelopeId: parameters.envelopeId,
    unique: id,
    recipients: delivered.map(({ account, address, parameters: { originalRecipient } }) => ({
      address,
      originalRecipient: originalRecipient === undefined ? undefined : decodeOriginalRecipient(originalRecipient),
      action: handling(account) === 'expanded' ? 'expanded' : 'delivered',
      status: '2.1.5',
      lastAttemptMs: nowMs,
    })),
    original: header,
    returned: 'header',
    smtpUtf8: parameters.smtpUtf8,
  });
  return { bytes, notice: { id, message: prepareMessage(bytes), account: identity.account, address: senderText } };
}

function isToldOf(target: Target): target is LocalTarget {
  return target.kind === 'local' && target.parameters.notify?.includes('SUCCESS') === true;
}
