/** Senders of what is sent on, and what comes back to them: SRS with this server's domain and secrets. RFC 5321 §4.5.5 (null stays null) */
import type { Path } from '../delivery.ts';
import { asciiDomain } from '../path-text.ts';
import type { ForwardingServices } from './services.ts';
import { isSrs, type Srs, type SrsAnswer, srsForward, srsReverse } from './srs.ts';

/** The domain of rewritten senders. */
export function srsDomain({ settings }: Pick<ForwardingServices, 'settings'>): string {
  const { srsDomain: own, domain } = settings.forwarding;
  return own ?? domain ?? settings.hostname;
}

/** The reverse-path under which mail of `sender` goes on: ours for strangers, unchanged for the null one and for our own domains, whose SPF names us already. The tag comes back with what bounces. */
export async function forwardedSender(services: ForwardingServices, sender: Path | undefined, tag: string = ''): Promise<Path | undefined> {
  if (sender === undefined) return undefined;
  const domain = asciiDomain(sender.domain) ?? sender.domain;
  if (!domain.startsWith('[') && (await services.directory.isLocalDomain(domain))) return sender;
  return srsForward(await srsOf(services), { localPart: sender.localPart, domain }, services.clock.nowMs(), tag);
}

/** Where mail for a rewritten sender goes; undefined where the address is not of that kind. `domain` in lower-case A-labels. */
export async function returnedTo(services: ForwardingServices, localPart: string, domain: string): Promise<SrsAnswer | undefined> {
  if (!isSrs(localPart) || domain !== srsDomain(services)) return undefined;
  return srsReverse(await srsOf(services), localPart, services.clock.nowMs());
}

async function srsOf(services: ForwardingServices): Promise<Srs> {
  return { domain: srsDomain(services), secrets: await services.forwards.secrets(), validDays: services.settings.forwarding.srsDays };
}

/** Who stands behind a sender that we have rewritten; undefined where it is not such a one. */
export async function trueSender(services: ForwardingServices, sender: Path): Promise<Path | undefined> {
  const returned = await returnedTo(services, sender.localPart, sender.domain);
  return returned?.kind === 'sender' ? returned.address : undefined;
}
