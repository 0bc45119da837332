/** From a message that has come whole to the arguments of the one mutation, and from its result to what the door replies. */
import { isAscii } from 'node:buffer';
import type { PreparedMessage } from '#message/prepared.ts';
import type { Outgoing } from '#queue/enqueue.ts';
import type { Body } from '#store/mutation.ts';
import { type DetailsText, detailsText } from '#trail/record.ts';
import { accept } from './accept.ts';
import { type Accepted, Refusal } from './delivery.ts';
import { forwardingArgs } from './forwarding/record-forwarding.ts';
import { successNotice } from './success-notice.ts';
import { tlsNeedOf } from './tls-need.ts';
import { submissionOf } from './submission.ts';
import type { Transaction } from './transaction.ts';

/** Mail for elsewhere, before what all that goes out has from the one message: body, size, how it is encoded. */
export type AddedOutgoing = Omit<Outgoing, 'body' | 'sizeBytes' | 'isEightBit' | 'smtpUtf8' | 'tlsNeed' | 'priority' | 'deliverBy' | 'nowMs'>;

export interface CompleteMessage {
  readonly message: PreparedMessage;
  readonly messageId: string | undefined;
  readonly body: Body;
  readonly header: Uint8Array;
  readonly isEightBit: boolean;
  readonly receivedAtMs: number;
}

/** Resolves when the message is durable for every recipient. */
export async function acceptMessage(transaction: Transaction, complete: CompleteMessage): Promise<Accepted> {
  const { targets, services, id, senderText, peer } = transaction;
  const { forwarding } = transaction;
  const copies = [...targets.local, ...(forwarding?.local ?? [])].filter(({ account }) => !forwarding?.handled.has(account));
  const told = successNotice(transaction, complete.header, complete.receivedAtMs);
  const submission = submissionOf(transaction);
  const gone = await services.store.commit(
    accept,
    {
      account: targets.local[0]?.account,
      message: complete.message,
      local: copies.map(({ account, address, mailbox, report }) => ({ account, address, mailbox, report })),
      // LMTP: RFC 2033 §4.2. A copy that a forward has put in the place of another is nobody's who could be told.
      isEachTold: peer.protocol.includes('LMTP') && (forwarding?.local.length ?? 0) === 0 && (forwarding?.handled.size ?? 0) === 0,
      outgoing: outgoing(transaction, complete),
      addedFields: transaction.addedFields,
      origin: {
        id,
        sender: senderText,
        messageId: complete.messageId,
        details: arrivalDetails(transaction, complete),
        submitter: peer.identity?.account,
      },
      submission,
      authenticDomain: transaction.checks?.dmarc.result === 'pass' ? transaction.checks.dmarc.fromDomain : undefined,
      forwarding: forwardingArgs(transaction),
      notice: told?.notice,
      nowMs: complete.receivedAtMs,
    },
    told === undefined ? [complete.body] : [complete.body, { bytes: told.bytes }],
  );
  if (submission !== undefined) services.allowances.took(submission.account, submission.recipients);
  const refusal = gone.length === 0 ? undefined : new Refusal(550, '5.1.1', 'No such user here', 'account removed during delivery');
  return { id, recipients: targets.accepted.map((target) => (target.kind === 'local' && gone.includes(target.account) ? refusal : undefined)) };
}

/** What the trail tells of the arrival. */
function arrivalDetails({ peer, details, parameters }: Transaction, { message }: CompleteMessage): DetailsText {
  const tls = peer.tls && { version: peer.tls.version, cipher: peer.tls.cipher };
  const { protocol, address: remote, helo, identity } = peer;
  return detailsText({ protocol, remote, helo, tls, login: identity?.login, size: message.sizeBytes, priority: parameters.mtPriority, ...details });
}

/** The message for its recipients elsewhere, and what stages have added. */
function outgoing(transaction: Transaction, complete: CompleteMessage): readonly Outgoing[] {
  const { id, peer, senderText, parameters, targets } = transaction;
  const all: AddedOutgoing[] = [...transaction.outgoing];
  if (targets.remote.length > 0) {
    all.unshift({
      queueId: id,
      account: peer.identity?.account,
      sender: senderText,
      recipients: targets.remote.map(({ recipient }) => recipient),
      prefix: NO_PREFIX,
      // What must not travel in the clear must not do so in a notice either (RFC 8689 §5).
      ret: parameters.requireTls === true ? 'HDRS' : parameters.ret,
      envelopeId: parameters.envelopeId,
      releaseAtMs: (parameters.holdSeconds ?? 0) === 0 ? undefined : complete.receivedAtMs + (parameters.holdSeconds ?? 0) * 1000,
    });
  }
  if (all.length === 0) return [];
  const tlsNeed = tlsNeedOf(parameters, complete.header);
  const { deliverBy, mtPriority: priority } = parameters;
  const timed = deliverBy && { atMs: complete.receivedAtMs + deliverBy.seconds * 1000, mode: deliverBy.mode, isTraced: deliverBy.isTraced };
  return all.map((each) => ({
    ...each,
    body: 0,
    sizeBytes: each.prefix.length + complete.message.sizeBytes,
    isEightBit: complete.isEightBit,
    // Without it only the target of a forward can be beyond ASCII.
    smtpUtf8: parameters.smtpUtf8 ? needsUtf8(each, complete) : !each.recipients.every(({ localPart }) => ASCII.test(localPart)),
    tlsNeed,
    priority,
    deliverBy: timed,
    nowMs: complete.receivedAtMs,
  }));
}

const NO_PREFIX = new Uint8Array(0);

/** Whether the next server must understand SMTPUTF8: clients ask for it also for messages that are plain (RFC 6531 §3.2). */
function needsUtf8({ sender, recipients, prefix }: AddedOutgoing, { header }: CompleteMessage): boolean {
  const isPlain = isAscii(header) && isAscii(prefix) && ASCII.test(sender) && recipients.every(({ localPart }) => ASCII.test(localPart));
  return !isPlain;
}

const ASCII = /^[ -~]*$/;
