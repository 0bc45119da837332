import { type Node, table } from '../node.ts';
import { socketAddresses } from '../values.ts';

export interface DnsConfig {
  /** Empty: those of /etc/resolv.conf. */
  readonly servers: readonly string[];
}

export function dnsSection(): Node<DnsConfig> {
  return table<DnsConfig>('Which DNS servers are asked. A validating resolver on this machine is best.', {
    servers: ['servers', socketAddresses({ about: 'Their addresses, with a port where it is not 53. Empty: those of /etc/resolv.conf.', standard: [] })],
  });
}
