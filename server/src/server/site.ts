/** What operations must know of the configuration. */
import type { AdminServices } from '#admin/operation.ts';
import type { Config } from '#config/config.ts';
import type { StubResolver } from '#net/dns/stub-resolver.ts';
import { makeResolver } from './resolver.ts';
import { ownPolicy } from './own-sts-policy.ts';
import { reportSettings } from './reports.ts';
import { sendingLimits } from './sending-limits.ts';

export function siteServices(config: Config): Pick<AdminServices, 'site' | 'reports' | 'resolver' | 'sending'> {
  let resolver: Promise<StubResolver> | undefined;
  return {
    site: {
      hostname: config.server.hostname,
      mailHostname: config.smtp.hostname ?? config.server.hostname,
      ...(config.listeners.has('https') && { stsRecord: ownPolicy(config).record }),
      ports: new Map([...config.listeners].map(([name, { port }]) => [name, port])),
      keepRetiredMs: config.dkim.keepRetiredMs,
    },
    sending: sendingLimits(config),
    reports: reportSettings(config),
    resolver: () => (resolver ??= makeResolver(config)),
  };
}
