/**
 * Which hosts take the mail of a destination, in the order in which to try them, and where they are.
 *
 * RFC 5321 §5.1 (MX, addresses, loops) · RFC 7505 (null MX) · RFC 5321 §4.1.3 (address literals) · RFC 7672 §2.1, §2.2 (what DNSSEC vouches for)
 *
 * A domain's DNS may name only addresses of the public internet: nobody outside can make this server talk to its own network or to itself. Private addresses
 * are reached by a route.
 */
import { isIP } from 'node:net';
import { canonicalAddress, isPublicAddress } from '#net/address.ts';
import { type DnsAnswer, DnsError, type Resolver } from '#net/dns/resolver.ts';
import { type Destination, TransportError } from '#queue/transport.ts';

/** A host by name, before its addresses are known. */
export interface Exchange {
  /** As the MX record, the literal or the route has it. */
  readonly name: string;
  readonly port: number;
}

export interface Exchanges {
  /** In the order in which to try them. */
  readonly list: readonly Exchange[];
  /** DNSSEC vouches for their names. */
  readonly isAuthentic: boolean;
}

export interface MailHost extends Exchange {
  /** Where aliases of the name lead. */
  readonly canonicalName: string;
  /** In the order in which to try them: IPv6 first, the families by turns. */
  readonly addresses: readonly string[];
  /** DNSSEC vouches for the addresses. */
  readonly isAuthentic: boolean;
}

/** What mail hosts that the DNS names must be like. */
export interface HostRules {
  readonly port: number;
  isAllowed(address: string): boolean;
  /** Addresses at which this server itself takes mail. */
  isOwn?(address: string): boolean;
}

export const PUBLIC_HOSTS: HostRules = { port: 25, isAllowed: isPublicAddress };
/** MX names looked at, and addresses tried for each: a domain cannot make us try without end. */
const MOST_EXCHANGES = 10;
const MOST_ADDRESSES = 6;

/** Throws TransportError. */
export async function findExchanges(resolver: Resolver, destination: Destination, rules: HostRules): Promise<Exchanges> {
  switch (destination.kind) {
    case 'domain':
      return await ofDomain(resolver, destination.domain, rules.port);
    case 'literal':
      return { list: [{ name: destination.literal, port: rules.port }], isAuthentic: false };
    case 'relay':
      return { list: [{ name: destination.relay.host, port: destination.relay.port }], isAuthentic: false };
  }
}

async function ofDomain(resolver: Resolver, domain: string, port: number): Promise<Exchanges> {
  const { status, records, isAuthentic } = await asking(() => resolver.resolveMx(domain));
  if (status === 'no-domain') throw new TransportError({ isPermanent: true, status: '5.1.2', message: `The domain ${domain} does not exist` });
  // Without MX records the domain itself is the host (RFC 5321 §5.1).
  if (status === 'no-data') return { list: [{ name: domain, port }], isAuthentic };
  const named = shuffleEqual(records).filter(({ exchange }) => exchange !== '');
  if (named.length === 0) throw new TransportError({ isPermanent: true, status: '5.1.10', message: `The domain ${domain} takes no mail (null MX)` });
  return { list: named.slice(0, MOST_EXCHANGES).map(({ exchange }) => ({ name: exchange, port })), isAuthentic };
}

/** The addresses of a host. Throws TransportError: LeadsBack for a host that is this server. */
export async function findHost(resolver: Resolver, { name, port }: Exchange, kind: Destination['kind'], rules: HostRules): Promise<MailHost> {
  const fixed = kind === 'literal' ? literalAddress(name) : kind === 'relay' ? relayAddresses(name) : undefined;
  if (fixed) {
    if (kind === 'literal' && !fixed.every((address) => rules.isAllowed(address)))
      throw new TransportError({ isPermanent: true, status: '5.4.4', message: `${name} is not an address on the public internet` });
    if (kind === 'literal' && fixed.some((address) => rules.isOwn?.(address))) throw new LeadsBack(name);
    return { name, port, canonicalName: name, addresses: fixed, isAuthentic: false };
  }
  const { records, isAuthentic, canonicalName } = await addressesOf(resolver, name);
  // Our own configuration may be mended: keep the mail.
  if (records.length === 0) {
    const isPermanent = kind !== 'relay';
    throw new TransportError({ isPermanent, status: isPermanent ? '5.4.4' : '4.4.4', message: `The host ${name} has no address in the DNS` });
  }
  if (kind === 'relay') return { name, port, canonicalName, addresses: byTurns(records), isAuthentic };
  if (records.some((address) => rules.isOwn?.(address))) throw new LeadsBack(name);
  const usable = records.filter((address) => rules.isAllowed(address));
  if (usable.length === 0) throw new TransportError({ isPermanent: true, status: '5.4.4', message: `The host ${name} has no address on the public internet` });
  return { name, port, canonicalName, addresses: byTurns(usable), isAuthentic };
}

/** The host is this server: it, and all that is no better, must not be tried (RFC 5321 §5.1). */
export class LeadsBack extends TransportError {
  constructor(name: string) {
    super({ isPermanent: true, status: '5.4.6', message: `The mail host ${name} is this server, which does not take mail for the domain` });
    this.name = 'LeadsBack';
  }
}

interface FoundAddresses {
  readonly records: readonly string[];
  readonly isAuthentic: boolean;
  readonly canonicalName: string;
}

/** Each family asked for itself: that one could not be found out must not take away what DNSSEC says of the other. */
async function addressesOf(resolver: Resolver, name: string): Promise<FoundAddresses> {
  const results = await Promise.allSettled([resolver.resolveAddresses(name, 6), resolver.resolveAddresses(name, 4)]);
  const found = results.flatMap((result) => (result.status === 'fulfilled' && result.value.status === 'found' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed && found.length === 0) throw dnsFailure(failed.reason);
  return {
    records: found.flatMap(({ records }) => records),
    isAuthentic: found.length > 0 && found.every((answer) => answer.isAuthentic),
    canonicalName: commonName(found) ?? name,
  };
}

function commonName(answers: readonly DnsAnswer<string>[]): string | undefined {
  const names = new Set(answers.map(({ canonicalName }) => canonicalName));
  return names.size === 1 ? answers[0]?.canonicalName : undefined;
}

function literalAddress(literal: string): readonly string[] {
  const text = literal.slice(1, -1);
  const address = canonicalAddress(/^ipv6:/i.test(text) ? text.slice(5) : text);
  return [address ?? 'none'];
}

function relayAddresses(host: string): readonly string[] | undefined {
  if (isIP(host) !== 0) return [host];
  return host === 'localhost' ? ['127.0.0.1', '::1'] : undefined;
}

/** IPv6, IPv4, IPv6, ...: neither family can fill the places that the other needs. */
function byTurns(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => address.includes(':'));
  const four = addresses.filter((address) => !address.includes(':'));
  const turns: string[] = [];
  for (let at = 0; at < Math.max(six.length, four.length); at++) turns.push(...six.slice(at, at + 1), ...four.slice(at, at + 1));
  return turns.slice(0, MOST_ADDRESSES);
}

async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw dnsFailure(error);
  }
}

export function dnsFailure(error: unknown): unknown {
  return error instanceof DnsError ? new TransportError({ isPermanent: false, status: '4.4.3', message: `DNS: ${error.message}` }, { cause: error }) : error;
}

/** Hosts of one preference are tried in random order, to spread the load (RFC 5321 §5.1). */
function shuffleEqual<T extends { readonly preference: number }>(records: readonly T[]): readonly T[] {
  return records
    .map((record) => ({ record, chance: Math.random() }))
    .toSorted((a, b) => a.record.preference - b.record.preference || a.chance - b.chance)
    .map(({ record }) => record);
}
