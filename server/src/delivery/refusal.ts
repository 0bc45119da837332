/** What the checks have refused at the end of a message: it is not kept, but that it was refused, and why, is told by the trail. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { record, type TrailEvent } from '#trail/record.ts';
import type { Refusal } from './delivery.ts';
import { formatPath } from './path-text.ts';
import type { Transaction } from './transaction.ts';

/** Writes one `refused` row. */
export const refuse: Mutation<TrailEvent, void> = defineMutation('delivery.refuse', function* (tx, event: TrailEvent) {
  yield* record(tx, event);
});

/** Resolves when it is durable. @param messageId Without its angle brackets. */
export async function recordRefusal(transaction: Transaction, refusal: Refusal, messageId: string | undefined): Promise<void> {
  const { services, peer, id, senderText, targets, details } = transaction;
  await services.store.commit(refuse, {
    event: 'refused',
    atMs: services.clock.nowMs(),
    queueId: id,
    messageId: messageId === undefined ? undefined : `<${messageId}>`,
    sender: senderText,
    recipients: targets.accepted.flatMap((target) => {
      if (target.kind === 'local') return [{ address: target.address, account: target.account }];
      return 'recipient' in target ? [{ address: formatPath(target.recipient) }] : [];
    }),
    details: {
      protocol: peer.protocol,
      remote: peer.address,
      helo: peer.helo,
      tls: peer.tls && { version: peer.tls.version, cipher: peer.tls.cipher },
      ...details,
      reply: `${refusal.code} ${refusal.enhanced} ${refusal.message}`,
    },
  });
}
