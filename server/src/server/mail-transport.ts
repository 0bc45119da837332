/** SMTP to other servers with all that it knows: the policies of other domains, who counts sessions, and which addresses are this server's own. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import type { Log } from '#log/log.ts';
import { canonicalAddress, isPublicAddress } from '#net/address.ts';
import type { AliasResolver, Resolver } from '#net/dns/resolver.ts';
import { StsPolicies } from '#queue/transport-security/sts-policies.ts';
import { TlsResults } from '#queue/transport-security/tls-results.ts';
import { PUBLIC_HOSTS } from '#smtp/client/hosts.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import type { Store } from '#store/store.ts';
import { machineAddresses } from './own-addresses.ts';

export interface MailTransportParts {
  readonly config: Config;
  /** Our name, for EHLO. */
  readonly hostname: string;
  readonly store: Store;
  readonly resolver: Resolver & AliasResolver;
  readonly log: Log;
}

/** Disposing writes down what was counted; the transport must be done by then. */
export function makeMailTransport({ config, hostname, store, resolver, log }: MailTransportParts): AsyncDisposable & { readonly transport: SmtpTransport } {
  const clock = systemClock;
  const policies = new StsPolicies({ store, clock, log, fetcher: { resolver, isAllowed: isPublicAddress } });
  const results = new TlsResults({ store, clock, log });
  const isOwn = ownAddresses(config);
  return {
    transport: new SmtpTransport({ hostname, resolver, hosts: { ...PUBLIC_HOSTS, isOwn }, policies, results }),
    async [Symbol.asyncDispose]() {
      await policies[Symbol.asyncDispose]();
      await results[Symbol.asyncDispose]();
    },
  };
}

/** Where this server takes mail: every address of the machine, unless the listener names its own. A domain that is not ours may lead there all the same. */
function ownAddresses(config: Config): (address: string) => boolean {
  const listening = config.listeners.get('smtp')?.addresses.map((address) => canonicalAddress(address) ?? address) ?? [];
  const isEverywhere = listening.length === 0 || listening.includes('0.0.0.0') || listening.includes('::');
  if (!isEverywhere) return (address) => listening.includes(address);
  return machineAddresses();
}
