/** Mail of the server's own to any address: a mailbox here, somebody elsewhere, or the true sender behind a rewritten one. Always with the null reverse-path. */
import { isAscii } from 'node:buffer';
import { prepareMessage } from '#message/prepare.ts';
import type { Store } from '#store/store.ts';
import { accept, internalDetails } from './accept.ts';
import { deliverLocal } from './deliver-local.ts';
import type { Path } from './delivery.ts';
import { returnedTo } from './forwarding/rewriting.ts';
import type { ForwardingServices } from './forwarding/services.ts';
import { asciiDomain } from './path-text.ts';
import { newReceiptId } from './receipt-id.ts';

export type OwnMailServices = ForwardingServices & { readonly store: Store };

/** Resolves when it is durable, filed or queued; `refused`: the address leads nowhere. `message` is whole, with CRLF line ends. */
export async function sendOwn(services: OwnMailServices, recipient: Path, message: Uint8Array): Promise<'delivered' | 'refused'> {
  const domain = asciiDomain(recipient.domain);
  if (domain === undefined) return 'refused';
  const returned = await returnedTo(services, recipient.localPart, domain);
  if (returned?.kind === 'sender') return await sendOwn(services, returned.address, message);
  const account = await deliverLocal({ ...services, forwarding: services }, { localPart: recipient.localPart, domain }, message);
  if (account !== undefined) return 'delivered';
  if (returned !== undefined || (await services.directory.isLocalDomain(domain))) return 'refused';
  const nowMs = services.clock.nowMs();
  const id = newReceiptId();
  const outgoing = {
    queueId: id,
    account: undefined,
    sender: '',
    recipients: [{ localPart: recipient.localPart, domain, notify: undefined, originalRecipient: undefined }],
    body: 0,
    sizeBytes: message.length,
    prefix: new Uint8Array(0),
    isEightBit: !isAscii(message),
    smtpUtf8: !isAscii(Buffer.from(recipient.localPart)),
    ret: undefined,
    envelopeId: undefined,
    nowMs,
  };
  const origin = { id, sender: '', messageId: undefined, details: internalDetails(message.length), submitter: undefined };
  const args = { account: undefined, message: prepareMessage(message), local: [], isEachTold: true, outgoing: [outgoing], origin, notice: undefined, nowMs };
  await services.store.commit(accept, args, [{ bytes: message }]);
  return 'delivered';
}
