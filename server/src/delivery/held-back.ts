/** Submitted mail that is not to leave yet: it waits for everybody, so its recipients here wait in the queue as well. RFC 4865 */
import type { Path, SenderParameters } from './delivery.ts';
import { asciiDomain } from './path-text.ts';
import type { Target } from './targets.ts';

/** Where a recipient of such mail leads: to the queue, which files it here when the time has come. */
export function heldBack(target: Target, path: Path, { holdSeconds }: SenderParameters): Target {
  const domain = asciiDomain(path.domain);
  if (target.kind !== 'local' || (holdSeconds ?? 0) === 0 || domain === undefined || domain === '') return target;
  const { notify, originalRecipient } = target.parameters;
  return { kind: 'remote', recipient: { localPart: path.localPart, domain, notify, originalRecipient } };
}
