/**
 * Mail that goes in circles is refused: it has too many Received fields, or we have delivered it to this recipient before.
 *
 * RFC 5321 §6.3
 *
 * Deviation: §6.3 would have at least 100 hops let pass. Fifty are more than any mail that is not in a circle has had since the 1990s, and a circle that is cut
 * earlier costs everyone in it less. It is a setting.
 */
import type { Header } from '#message/header.ts';
import { Refusal } from '../delivery.ts';
import type { Stage } from '../stage.ts';

export const loops: Stage = {
  name: 'loops',

  data(transaction, message) {
    const { header } = message;
    // Our own Received field is one of them.
    if (header.countOf('received') - 1 > transaction.services.settings.receivedFields) throw new Refusal(554, '5.4.6', 'Message has passed too many servers');
    // Delivered-To alone may be another server's, on mail that is moved here from there; and who sends a message again by hand means it.
    const deliveredTo = header.all('delivered-to');
    if (deliveredTo.length === 0 || transaction.peer.identity !== undefined || !wasHere(header, transaction.services.settings.hostname)) return;
    const earlier = new Set(deliveredTo.map((address) => Buffer.from(address, 'latin1').toString('utf8').toLowerCase()));
    for (const target of transaction.targets.local) {
      if (earlier.has(target.address.toLowerCase())) throw new Refusal(554, '5.4.6', 'Message was delivered to this recipient before');
    }
  },
};

/** Whether a Received field below ours is ours too. */
function wasHere(header: Header, hostname: string): boolean {
  return header
    .all('received')
    .slice(1)
    .some((value) => value.includes(`by ${hostname} `));
}
