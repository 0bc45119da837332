/**
 * Submission: an account sends so much in an hour and in a day and no more, so that a stolen password is no cannon for spam. The limit is a temporary refusal that
 * says when it goes on; nothing that was accepted is dropped.
 *
 * RFC 6409 §6 (policies of submission) · RFC 3463 §3.8
 */
import { limitText } from '#queue/limits/allowance.ts';
import { Refusal } from '../delivery.ts';
import type { Stage } from '../stage.ts';

export const sending: Stage = {
  name: 'sending',

  async sender({ peer, services: { allowances } }) {
    if (peer.identity === undefined || allowances.limits.onHold !== 'refuse') return;
    const { hold } = await allowances.of(peer.identity.account, 0);
    if (hold !== undefined) throw new Refusal(550, '5.7.1', 'Your sending is on hold; ask the administrator', `account on hold: ${hold.reason}`);
  },

  async recipient({ peer, targets, services: { allowances } }) {
    if (peer.identity === undefined) return;
    const wanted = targets.accepted.length + 1;
    const allowance = await allowances.of(peer.identity.account, wanted);
    if (allowance.remaining < wanted) throw new Refusal(452, '4.7.0', limitText(allowance), `sending limit of the ${allowance.by}`);
  },
};
