/**
 * Which hosts take the mail of a destination, in the order in which to try them.
 *
 * RFC 5321 §5.1 (MX, addresses) · RFC 7505 (null MX) · RFC 5321 §4.1.3 (address literals)
 *
 * A domain's DNS may name only addresses of the public internet: nobody outside can make this server talk to its own network or to itself. Private addresses
 * are reached by a route.
 */
import { isIP } from 'node:net';
import { canonicalAddress, isPublicAddress } from '#net/address.ts';
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import { type Destination, TransportError } from '#queue/transport.ts';

export interface MailHost {
  /** For EHLO's other side, certificates and logs. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** What mail hosts that the DNS names must be like. */
export interface HostRules {
  readonly port: number;
  isAllowed(address: string): boolean;
}

const PUBLIC_HOSTS: HostRules = { port: 25, isAllowed: isPublicAddress };
/** MX names looked at, and addresses tried: a domain cannot make us try without end. */
const MOST_EXCHANGES = 10;
const MOST_ADDRESSES = 10;

/** Throws TransportError. */
export async function findHosts(resolver: Resolver, destination: Destination, rules: HostRules = PUBLIC_HOSTS): Promise<readonly MailHost[]> {
  switch (destination.kind) {
    case 'domain':
      return await ofDomain(resolver, destination.domain, rules);
    case 'literal':
      return ofLiteral(destination.literal, rules);
    case 'relay':
      return await ofRelay(resolver, destination.relay.host, destination.relay.port);
  }
}

async function ofDomain(resolver: Resolver, domain: string, rules: HostRules): Promise<readonly MailHost[]> {
  const answer = await asking(() => resolver.resolveMx(domain));
  if (answer.status === 'no-domain') throw new TransportError({ isPermanent: true, status: '5.1.2', message: `The domain ${domain} does not exist` });
  // Without MX records the domain itself is the host (RFC 5321 §5.1).
  const exchanges = answer.status === 'found' ? shuffleEqual(answer.records) : [{ preference: 0, exchange: domain }];
  if (answer.status === 'found' && exchanges.every(({ exchange }) => exchange === ''))
    throw new TransportError({ isPermanent: true, status: '5.1.10', message: `The domain ${domain} takes no mail (null MX)` });
  const hosts: MailHost[] = [];
  let failure: unknown;
  let isPrivate = false;
  for (const { exchange } of exchanges.slice(0, MOST_EXCHANGES)) {
    if (exchange === '' || hosts.length >= MOST_ADDRESSES) continue;
    try {
      const { records } = await resolver.resolveAddresses(exchange);
      const usable = records.filter((address) => rules.isAllowed(address));
      if (usable.length < records.length) isPrivate = true;
      hosts.push(...usable.map((address) => ({ name: exchange, address, port: rules.port })));
    } catch (error) {
      failure ??= error;
    }
  }
  if (hosts.length > 0) return hosts.slice(0, MOST_ADDRESSES);
  if (failure !== undefined) throw dnsFailure(failure);
  if (isPrivate)
    throw new TransportError({ isPermanent: true, status: '5.4.4', message: `The mail hosts of ${domain} have no address on the public internet` });
  throw new TransportError({ isPermanent: true, status: '5.4.4', message: `The mail hosts of ${domain} have no address` });
}

function ofLiteral(literal: string, rules: HostRules): readonly MailHost[] {
  const text = literal.slice(1, -1);
  const address = canonicalAddress(/^ipv6:/i.test(text) ? text.slice(5) : text);
  if (address === undefined || !rules.isAllowed(address))
    throw new TransportError({ isPermanent: true, status: '5.4.4', message: `${literal} is not an address on the public internet` });
  return [{ name: literal, address, port: rules.port }];
}

async function ofRelay(resolver: Resolver, host: string, port: number): Promise<readonly MailHost[]> {
  if (isIP(host) !== 0) return [{ name: host, address: host, port }];
  if (host === 'localhost') return ['127.0.0.1', '::1'].map((address) => ({ name: host, address, port }));
  const answer = await asking(() => resolver.resolveAddresses(host));
  // Our own configuration may be mended: keep the mail.
  if (answer.records.length === 0) throw new TransportError({ isPermanent: false, status: '4.4.4', message: `The relay ${host} has no address in the DNS` });
  return answer.records.slice(0, MOST_ADDRESSES).map((address) => ({ name: host, address, port }));
}

async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw dnsFailure(error);
  }
}

function dnsFailure(error: unknown): unknown {
  return error instanceof DnsError ? new TransportError({ isPermanent: false, status: '4.4.3', message: `DNS: ${error.message}` }, { cause: error }) : error;
}

/** Hosts of one preference are tried in random order, to spread the load (RFC 5321 §5.1). */
function shuffleEqual<T extends { readonly preference: number }>(records: readonly T[]): readonly T[] {
  return records
    .map((record) => ({ record, chance: Math.random() }))
    .toSorted((a, b) => a.record.preference - b.record.preference || a.chance - b.chance)
    .map(({ record }) => record);
}
