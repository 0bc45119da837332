/** From a message that has come whole to the arguments of the one mutation, and from its result to what the door replies. */
import type { PreparedMessage } from '#message/prepared.ts';
import type { Outgoing } from '#queue/enqueue.ts';
import type { Body } from '#store/mutation.ts';
import { accept } from './accept.ts';
import { type Accepted, Refusal } from './delivery.ts';
import { successNotice } from './success-notice.ts';
import type { Transaction } from './transaction.ts';

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
  const told = successNotice(transaction, complete.header, complete.receivedAtMs);
  const gone = await services.store.commit(
    accept,
    {
      account: targets.local[0]?.account,
      message: complete.message,
      local: targets.local.map(({ account, address }) => ({ account, address })),
      // LMTP: RFC 2033 §4.2.
      isEachTold: peer.protocol.includes('LMTP'),
      outgoing: targets.remote.length === 0 ? undefined : outgoing(transaction, complete),
      origin: {
        id,
        sender: senderText,
        messageId: complete.messageId,
        protocol: peer.protocol,
        remoteAddress: peer.address,
        helo: peer.helo,
        tls: peer.tls && { version: peer.tls.version, cipher: peer.tls.cipher },
        submitter: peer.identity?.account,
        login: peer.identity?.login,
      },
      notice: told?.notice,
      nowMs: complete.receivedAtMs,
    },
    told === undefined ? [complete.body] : [complete.body, { bytes: told.bytes }],
  );
  const refusal = gone.length === 0 ? undefined : new Refusal(550, '5.1.1', 'No such user here', 'account removed during delivery');
  return { id, recipients: targets.accepted.map((target) => (target.kind === 'local' && gone.includes(target.account) ? refusal : undefined)) };
}

function outgoing(transaction: Transaction, complete: CompleteMessage): Outgoing {
  const { id, peer, senderText, parameters, targets } = transaction;
  return {
    queueId: id,
    account: peer.identity?.account,
    sender: senderText,
    recipients: targets.remote.map(({ recipient }) => recipient),
    body: 0,
    sizeBytes: complete.message.sizeBytes,
    prefix: NO_PREFIX,
    isEightBit: complete.isEightBit,
    smtpUtf8: parameters.smtpUtf8 && needsUtf8(transaction, complete),
    ret: parameters.ret,
    envelopeId: parameters.envelopeId,
    nowMs: complete.receivedAtMs,
  };
}

const NO_PREFIX = new Uint8Array(0);

/** Whether the next server must understand SMTPUTF8: clients ask for it also for messages that are plain (RFC 6531 §3.2). */
function needsUtf8({ senderText, targets }: Transaction, { header }: CompleteMessage): boolean {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.length).toString('latin1');
  const isPlain = !/[\x80-\xff]/.test(octets) && ASCII.test(senderText) && targets.remote.every(({ recipient }) => ASCII.test(recipient.localPart));
  return !isPlain;
}

const ASCII = /^[ -~]*$/;
