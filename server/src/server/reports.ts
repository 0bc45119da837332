/** `[reports]` as the queue's reports want it, and the way to HTTPS servers that want some. */
import type { Config } from '#config/config.ts';
import { isPublicAddress } from '#net/address.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import type { Poster } from '#queue/reports/https/post.ts';
import type { ReportSettings } from '#queue/reports/settings.ts';
import { machineAddresses } from './own-addresses.ts';

export function reportSettings({ reports, server, smtp }: Config): ReportSettings {
  const { domain } = server;
  return {
    sendsDmarc: reports.sendsDmarc,
    sendsTls: reports.sendsTls,
    organization: reports.organization ?? domain,
    sender: reports.sender ?? `noreply-dmarc@${domain}`,
    contact: reports.contact ?? `postmaster@${domain}`,
    hostname: smtp.hostname ?? server.hostname,
  };
}

/** To public addresses that are not this machine's own. */
export function reportPoster(resolver: Resolver): Poster {
  const isOwn = machineAddresses();
  return { resolver, isAllowed: (address) => isPublicAddress(address) && !isOwn(address) };
}
