/**
 * What becomes of NOTIFY and ORCPT when a message is passed on.
 *
 * RFC 3461 §5.2.7 (aliases: to one target as if it had been addressed to it, to several "expanded" is said here; a forward beside the mailbox is nobody else’s concern)
 */
import type { OutgoingRecipient } from '#queue/enqueue.ts';
import { encodeXtext } from '#smtp/wire/xtext.ts';
import type { LocalTarget } from '../targets.ts';

/** kept: a copy stays, which is the delivery. relayed: it went on to one target alone, expanded: to several. */
export type Handling = 'kept' | 'relayed' | 'expanded';

/** The parameters with which it goes on. */
export function passedOnParameters(target: LocalTarget, handling: Handling): Pick<OutgoingRecipient, 'notify' | 'originalRecipient'> {
  const { notify, originalRecipient } = target.parameters;
  // The sender's mail has arrived; what becomes of the forward is told to who has made it.
  if (handling === 'kept') return { notify: ['NEVER'], originalRecipient: undefined };
  // A later notice names the address that the sender has written to.
  const original = originalRecipient ?? (/^[ -~]+$/.test(target.address) ? `rfc822;${encodeXtext(target.address)}` : undefined);
  if (handling === 'relayed' || notify === undefined || !notify.includes('SUCCESS')) return { notify, originalRecipient: original };
  const left = notify.filter((event) => event !== 'SUCCESS');
  return { notify: left.length === 0 ? ['NEVER'] : left, originalRecipient: original };
}
