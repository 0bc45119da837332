import { type Node, table } from '../node.ts';
import { flag, socketAddresses } from '../values.ts';

export interface DnsConfig {
  /** Empty: those of /etc/resolv.conf. */
  readonly servers: readonly string[];
  readonly trustsAuthenticData: boolean;
}

export function dnsSection(): Node<DnsConfig> {
  return table<DnsConfig>('Which DNS servers are asked. A validating resolver on this machine is best.', {
    servers: ['servers', socketAddresses({ about: 'Their addresses, with a port where it is not 53. Empty: those of /etc/resolv.conf.', standard: [] })],
    trustsAuthenticData: [
      'trust_ad',
      flag({
        about:
          'Believe servers on other machines too when they say that DNSSEC vouches for an answer (for DANE). Only where nobody can change what they say on the way.',
        standard: false,
      }),
    ],
  });
}
