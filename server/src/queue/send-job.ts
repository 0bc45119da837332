/** One job over one session: the message is signed, then handed over. */
import type { Clock } from '#core/clock.ts';
import type { Log } from '#log/log.ts';
import type { Sign } from './content.ts';
import type { Job } from './lane.ts';
import { addressText } from './path-text.ts';
import type { MailSession, Outcome } from './transport.ts';

export interface SendParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: Sign | undefined;
}

/** The outcome of each recipient. Throws what the session throws. */
export async function sendJob({ message, content, recipients }: Job, session: MailSession, { clock, log, sign }: SendParts): Promise<readonly Outcome[]> {
  if (sign) {
    try {
      await content.sign(sign);
    } catch (error) {
      // Unsigned it might be refused for good: it waits, and is returned in the end.
      log.error('queue.failed', error, { queueId: message.queueId, cause: 'the message could not be signed' });
      return recipients.map(() => ({ kind: 'deferred', status: '4.3.0', reply: 'the message could not be signed', host: undefined }));
    }
  }
  const { deliverBy } = message;
  return await session.send({
    sender: message.sender,
    recipients: recipients.map(({ localPart, domain, notify, originalRecipient }) => ({
      address: addressText(localPart, domain),
      notify,
      originalRecipient,
    })),
    sizeBytes: content.sizeBytes,
    isEightBit: message.isEightBit,
    smtpUtf8: message.smtpUtf8,
    ret: message.ret,
    envelopeId: message.envelopeId,
    mtPriority: message.priority,
    deliverBy: deliverBy && {
      seconds: Math.floor((deliverBy.atMs - clock.nowMs()) / 1000),
      mode: deliverBy.mode,
      isTraced: deliverBy.isTraced,
    },
    requireTls: message.tlsNeed === 'required',
    signatureBytes: content.signatureBytes,
    sign: sign && ((changed) => sign(message, contentOf(changed))),
    read: (start, length) => content.read(start, length),
  });
}

function contentOf(bytes: Uint8Array): { readonly sizeBytes: number; read(start: number, length: number): Promise<Uint8Array> } {
  return { sizeBytes: bytes.length, read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)) };
}
