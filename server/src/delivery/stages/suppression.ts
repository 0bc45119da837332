/**
 * Submission: who writes to an address elsewhere that is not written to any more is told so in the conversation, and why. What comes another way (a forward, mail
 * that waits already) is told by a notice: queue/queue.ts.
 *
 * RFC 3463 §3.8 (5.7.1)
 */
import { suppressionKey, suppressionText } from '#queue/suppression.ts';
import { Refusal } from '../delivery.ts';
import type { Stage } from '../stage.ts';

export const suppression: Stage = {
  name: 'suppression',

  async recipient({ peer, services: { suppressions, clock } }, _requested, target) {
    if (peer.identity === undefined || target.kind !== 'remote') return;
    const { localPart, domain } = target.recipient;
    const found = await suppressions.find(peer.identity.account, suppressionKey(localPart, domain), clock.nowMs());
    if (found) throw new Refusal(550, '5.7.1', suppressionText(found), `suppressed: ${found.reason}`);
  },
};
