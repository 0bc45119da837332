/**
 * The end of a transaction, common to DATA and BDAT: what the client hears about its message.
 *
 * RFC 5321 §4.2.5, §6.1 · RFC 2033 §4.2 (LMTP: one reply for each recipient) · RFC 6710 §4.1 (another priority)
 */
import { DomainError } from '#core/errors.ts';
import { type Accepted, type MessageSink, Refusal } from '#delivery/delivery.ts';
import type { DataFault } from '../wire/data-decoder.ts';
import { refusalOf } from './errors.ts';
import type { Session, Transaction } from './session.ts';

/** Octets of a refused message that are read on to its end before the conversation is given up. */
export const DRAIN_LIMIT: number = 64 * 1024 * 1024;

/** Files and queues a message that has come whole, and replies. Refusals are answered here, because LMTP answers them once for each recipient. */
export async function finishMessage(session: Session, transaction: Transaction, sink: MessageSink): Promise<void> {
  let accepted: Accepted;
  try {
    accepted = await sink.finish();
  } catch (error) {
    await sink.abort();
    refuseMessage(session, transaction, error);
    return;
  }
  session.transaction = undefined;
  session.countMessage();
  session.log.info('smtp.accepted', {
    id: accepted.id,
    listener: session.connection.listener,
    remote: session.connection.remote.address,
    sender: transaction.sender,
    recipients: transaction.envelope.recipientCount,
  });
  if (session.role !== 'lmtp') {
    // RFC 6710 §4.1: the text begins with the priority that holds.
    if (transaction.isPriorityChanged) session.reply(250, '2.3.6', `${transaction.parameters.mtPriority ?? 0} is the priority of Ok: ${accepted.id}`);
    else session.reply(250, '2.0.0', `Ok: ${accepted.id}`);
    return;
  }
  for (const refusal of accepted.recipients) {
    if (refusal === undefined) session.reply(250, '2.0.0', `Ok: ${accepted.id}`);
    else session.reply(refusal.code, refusal.enhanced, refusal.message);
  }
}

/** Answers for a message that is not taken, for every recipient where LMTP asks for it. The caller has given the sink up. */
export function refuseMessage(session: Session, transaction: Transaction, error: unknown): void {
  session.transaction = undefined;
  const refusal = messageRefusal(session, error);
  if (session.role === 'lmtp' && refusal.code !== 421) {
    for (let count = 1; count < transaction.envelope.recipientCount; count++) session.reply(refusal.code, refusal.enhanced, refusal.message);
  }
  session.refuse(refusal, 'message');
}

function messageRefusal(session: Session, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DomainError) return refusalOf(error);
  const reference = session.log.error('server.bug', error, { command: 'message' });
  return new Refusal(451, '4.3.0', `Internal error, reference ${reference}`);
}

/** What the client hears when its message holds what no message may. */
export function faultRefusal(fault: DataFault): Refusal {
  return fault === 'nul'
    ? new Refusal(550, '5.6.0', 'Message contains NUL characters', 'nul')
    : new Refusal(550, '5.6.0', 'Message contains a bare CR or LF: lines must end with CR LF', 'bare-newline');
}
