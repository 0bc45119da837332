/**
 * Delivery status notifications about queued mail: made, and handed to a mailbox here or to the queue itself.
 *
 * RFC 3461 §4.3 (RET), §6 · RFC 8689 §5 · RFC 2852 §5 · RFC 6710 §4.6 · RFC 3464 · RFC 5321 §4.5.5 (never about a message with the null reverse-path)
 */
import { isAscii } from 'node:buffer';
import { localTimeZone } from '#core/clock.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { buildDsn, type DsnRecipient } from '#message/dsn.ts';
import { type DsnLanguage, dsnLanguage } from '#message/dsn-text.ts';
import { prepareMessage } from '#message/prepare.ts';
import { explainReply } from '#trail/explain/explain-reply.ts';
import type { MessageContent } from './content.ts';
import type { Outgoing } from './enqueue.ts';
import type { LocalNotice } from './file-notice.ts';
import { addressText, decodeOriginalRecipient, splitAddress } from './path-text.ts';
import { type QueuedMessage, type QueuedRecipient, startOf } from './queue-rows.ts';
import type { QueueServices } from './settings.ts';
import type { Outcome } from './transport.ts';
import type { Verdict } from './verdict.ts';

/** One recipient that the sender is told of. */
export interface Told {
  readonly recipient: QueuedRecipient;
  readonly outcome: Outcome;
  readonly verdict: Verdict & { readonly tell: NonNullable<Verdict['tell']> };
}

/** A notice and its octets: to be queued, or filed here, by the mutation that settles what it tells of. */
export type Notice = { readonly bytes: Uint8Array } & (
  | { readonly kind: 'outgoing'; readonly outgoing: Outgoing }
  | { readonly kind: 'local'; readonly local: Omit<LocalNotice, 'body'> }
);

/** A header that is returned is cut here; a message asked for with RET=FULL is returned up to this size, larger ones by their header. */
const HEADER_LIMIT = 256 * 1024;
const FULL_LIMIT = 10 * 1024 * 1024;

/**
 * Writes the notice to the sender; undefined where nobody can have it, or where it has been filed already, because the sender's mail is forwarded. Throws when it may
 * succeed later. Never called for the null sender.
 */
export async function tellSender(services: QueueServices, message: QueuedMessage, content: MessageContent, told: readonly Told[]): Promise<Notice | undefined> {
  const { settings, clock } = services;
  const nowMs = clock.nowMs();
  const id = newReceiptId(nowMs);
  const envelopeSender = splitAddress(message.sender);
  const sender = (await services.trueSender?.(envelopeSender)) ?? envelopeSender;
  const language = dsnLanguage((message.account === undefined ? undefined : await services.languageOf?.(message.account)) ?? '');
  // Of a message that requires TLS only the header goes back (RFC 8689 §5).
  const isFull =
    message.ret === 'FULL' && message.tlsNeed !== 'required' && content.sizeBytes <= FULL_LIMIT && told.some(({ verdict }) => verdict.tell === 'failed');
  const bytes = buildDsn({
    reportingHost: settings.hostname,
    from: { name: 'Mail Delivery System', localPart: 'postmaster', domain: settings.domain },
    to: sender,
    language,
    timeZone: localTimeZone(),
    nowMs,
    arrivalMs: message.createdAtMs,
    deliverByMs: message.deliverBy?.atMs,
    envelopeId: message.envelopeId,
    unique: id,
    recipients: told.map((one) => describe(one, message, { language, giveUpAfterMs: settings.giveUpAfterMs, nowMs })),
    original: await originalOf(services, message, content, isFull),
    returned: isFull ? 'message' : 'header',
    smtpUtf8: message.smtpUtf8,
  });
  if (await services.isLocalDomain(sender.domain)) {
    const found = await services.resolveLocal(sender.localPart, sender.domain);
    if (found?.isForwarded === true && services.deliverLocal) {
      if ((await services.deliverLocal({ ...sender, bytes })) === 'delivered') return undefined;
    } else if (found) {
      const address = addressText(sender.localPart, sender.domain);
      return { kind: 'local', bytes, local: { id, account: found.account, address, message: prepareMessage(bytes) } };
    }
    services.log.warn('queue.bounced', { queueId: message.queueId, cause: 'the sender has no mailbox here any more' });
    return undefined;
  }
  const outgoing: Outgoing = {
    queueId: id,
    account: undefined,
    sender: '',
    // A notice about a notice would go round for ever.
    recipients: [{ ...sender, notify: ['NEVER'], originalRecipient: undefined }],
    body: 0,
    sizeBytes: bytes.length,
    prefix: new Uint8Array(0),
    isEightBit: !isAscii(bytes),
    smtpUtf8: message.smtpUtf8,
    ret: undefined,
    envelopeId: undefined,
    // What is told of a message is as secret as the message (RFC 8689 §5).
    tlsNeed: message.tlsNeed === 'required' ? 'required' : undefined,
    // And as urgent (RFC 6710 §4.6).
    priority: message.priority,
    nowMs,
  };
  return { kind: 'outgoing', outgoing, bytes };
}

interface Telling {
  readonly language: DsnLanguage;
  readonly giveUpAfterMs: number;
  readonly nowMs: number;
}

function describe({ recipient, outcome, verdict }: Told, message: QueuedMessage, { language, giveUpAfterMs, nowMs }: Telling): DsnRecipient {
  const { reply, host } = outcome;
  const isDelayed = verdict.tell === 'delayed';
  return {
    address: addressText(recipient.localPart, recipient.domain),
    originalRecipient: recipient.originalRecipient === undefined ? undefined : decodeOriginalRecipient(recipient.originalRecipient),
    action: verdict.tell,
    status: verdict.status,
    remoteHost: host,
    diagnostic: reply,
    lastAttemptMs: nowMs,
    ...(verdict.tell !== 'relayed' && explainReply({ status: verdict.status, reply, host }, language)),
    nextAttemptMs: isDelayed ? verdict.dueAtMs : undefined,
    retryUntilMs: isDelayed ? startOf(message) + giveUpAfterMs : undefined,
  };
}

/** What goes back with the notice. Once its time is over, a message that cannot be read keeps nobody from hearing of it: it would never be told of, nor ever go. */
async function originalOf({ settings, clock, log }: QueueServices, message: QueuedMessage, content: MessageContent, isFull: boolean): Promise<Uint8Array> {
  try {
    return isFull ? await content.read(0, content.sizeBytes) : await readHeader(content);
  } catch (error) {
    if (clock.nowMs() - startOf(message) < settings.giveUpAfterMs) throw error;
    log.error('queue.failed', error, { queueId: message.queueId, cause: 'the sender is told without the message, which cannot be read' });
    return new Uint8Array(0);
  }
}

async function readHeader(content: MessageContent): Promise<Uint8Array> {
  const start = await content.read(0, HEADER_LIMIT);
  return start.subarray(0, findHeaderEnd(Buffer.from(start.buffer, start.byteOffset, start.length)));
}
