/** Mail of the server's own (bounces, reports) for an address here: straight into the mailbox, past quota, with no Received field, for nobody has sent it. */
import type { AccountId } from '#core/ids.ts';
import { prepareMessage } from '#message/prepare.ts';
import { accept, INTERNAL } from './accept.ts';
import type { Path } from './delivery.ts';
import { asciiDomain, formatPath } from './path-text.ts';
import { newReceiptId } from './receipt-id.ts';
import type { DeliveryServices } from './settings.ts';

/**
 * Files `message` (whole, CRLF line ends) with the null reverse-path; resolves when it is durable. Returns the account that has it; undefined where nobody here has
 * the address or the account is disabled.
 */
export async function deliverLocal(
  services: Pick<DeliveryServices, 'store' | 'directory' | 'clock'>,
  recipient: Path,
  message: Uint8Array,
): Promise<AccountId | undefined> {
  const domain = asciiDomain(recipient.domain);
  if (domain === undefined || domain.startsWith('[')) return undefined;
  const found = await services.directory.resolve(recipient.localPart, domain);
  if (found === undefined || found.isDisabled) return undefined;
  const { account } = found;
  const address = formatPath({ localPart: recipient.localPart, domain });
  const origin = { id: newReceiptId(), sender: '', messageId: undefined, protocol: INTERNAL, remoteAddress: '', submitter: undefined };
  const args = {
    account,
    message: prepareMessage(message),
    local: [{ account, address }],
    isEachTold: true,
    outgoing: [],
    origin,
    notice: undefined,
    nowMs: services.clock.nowMs(),
  };
  await services.store.commit(accept, args, [{ bytes: message }]);
  return account;
}
