/**
 * Delivery status notifications about queued mail: made, and handed to a mailbox here or to the queue itself.
 *
 * RFC 3461 §4.3 (RET), §6 · RFC 3464 · RFC 5321 §4.5.5 (never about a message with the null reverse-path)
 */
import { isAscii } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { findHeaderEnd } from '#message/header-end.ts';
import { buildDsn, type DsnRecipient } from '#message/dsn.ts';
import type { MessageContent } from './content.ts';
import type { Outgoing } from './enqueue.ts';
import { addressText, decodeOriginalRecipient, splitAddress } from './path-text.ts';
import type { QueuedMessage, QueuedRecipient } from './queue-rows.ts';
import type { QueueServices } from './settings.ts';
import type { Outcome } from './transport.ts';
import type { Verdict } from './verdict.ts';

/** One recipient that the sender is told of. */
export interface Told {
  readonly recipient: QueuedRecipient;
  readonly outcome: Outcome;
  readonly verdict: Verdict & { readonly tell: NonNullable<Verdict['tell']> };
}

/** A notice for somebody elsewhere: to be queued together with the result that it tells of. */
export interface OutgoingNotice {
  readonly outgoing: Outgoing;
  readonly bytes: Uint8Array;
}

/** A header that is returned is cut here; a message asked for with RET=FULL is returned up to this size, larger ones by their header. */
const HEADER_LIMIT = 256 * 1024;
const FULL_LIMIT = 10 * 1024 * 1024;

/**
 * Tells the sender. A sender here has the notice when this resolves; one elsewhere gets what is returned. Throws when it may succeed later.
 * Never called for the null sender.
 */
export async function tellSender(
  services: QueueServices,
  message: QueuedMessage,
  content: MessageContent,
  told: readonly Told[],
): Promise<OutgoingNotice | undefined> {
  const { settings, clock } = services;
  const nowMs = clock.nowMs();
  const sender = splitAddress(message.sender);
  const language = message.account === undefined ? undefined : await services.languageOf?.(message.account);
  const isFull = message.ret === 'FULL' && content.sizeBytes <= FULL_LIMIT && told.some(({ verdict }) => verdict.tell === 'failed');
  const bytes = buildDsn({
    reportingHost: settings.hostname,
    from: { name: 'Mail Delivery System', localPart: 'postmaster', domain: settings.domain },
    to: sender,
    language: language || 'en',
    nowMs,
    arrivalMs: message.createdAtMs,
    envelopeId: message.envelopeId,
    unique: randomBytes(12).toString('hex'),
    recipients: told.map((one) => describe(one, message, settings.giveUpAfterMs, nowMs)),
    original: isFull ? await content.read(0, content.sizeBytes) : await readHeader(content),
    returned: isFull ? 'message' : 'header',
    smtpUtf8: message.smtpUtf8,
  });
  if (await services.isLocalDomain(sender.domain)) {
    const result = await services.deliverLocal({ ...sender, bytes });
    if (result === 'refused') services.log.warn('queue.bounced', { queueId: message.queueId, cause: 'the sender has no mailbox here any more' });
    return undefined;
  }
  const outgoing: Outgoing = {
    queueId: newQueueId(),
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
    nowMs,
  };
  return { outgoing, bytes };
}

function describe({ recipient, outcome, verdict }: Told, message: QueuedMessage, giveUpAfterMs: number, nowMs: number): DsnRecipient {
  return {
    address: addressText(recipient.localPart, recipient.domain),
    originalRecipient: recipient.originalRecipient === undefined ? undefined : decodeOriginalRecipient(recipient.originalRecipient),
    action: verdict.tell,
    status: verdict.status,
    remoteHost: outcome.host,
    diagnostic: outcome.reply,
    lastAttemptMs: nowMs,
    retryUntilMs: verdict.tell === 'delayed' ? message.createdAtMs + giveUpAfterMs : undefined,
  };
}

async function readHeader(content: MessageContent): Promise<Uint8Array> {
  const start = await content.read(0, HEADER_LIMIT);
  return start.subarray(0, findHeaderEnd(Buffer.from(start.buffer, start.byteOffset, start.length)));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 16 letters and digits, about 95 bits. */
export function newQueueId(): string {
  let id = '';
  while (id.length < 16) {
    for (const byte of randomBytes(24)) if (byte < 248 && id.length < 16) id += ALPHABET[byte % 62];
  }
  return id;
}
