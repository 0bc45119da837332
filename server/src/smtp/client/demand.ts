/**
 * What TLS with a host must be like: found out before it is spoken to.
 *
 * DANE goes before MTA-STS (RFC 8461 §2), and both before nothing. Mail that waives TLS is held to neither (RFC 8689 §3); mail that requires it goes only to hosts
 * whose name DNSSEC or a policy vouches for (RFC 8689 §4.2.1).
 *
 * RFC 7672 §2.1, §2.2 · RFC 8461 §4.1, §5
 */
import type { AliasResolver, DnsAnswer, Resolver, TlsaRecord } from '#net/dns/resolver.ts';
import { DnsError } from '#net/dns/resolver.ts';
import type { ReportedPolicy, TlsFailureType } from '#queue/transport-security/result-types.ts';
import { allowsHost } from '#queue/transport-security/sts-policy.ts';
import type { FoundPolicy } from '#queue/transport-security/sts-policies.ts';
import type { Destination, Relay, SessionTls, TlsNeed } from '#queue/transport.ts';
import { recordText, usableRecords } from './dane.ts';
import type { Exchanges, MailHost } from './hosts.ts';

export interface TlsDemand {
  /** `implicit`: from the first byte. `none`: not even when it is offered. */
  readonly tls: Relay['tls'];
  /** Without this proof nothing is sent. */
  readonly check: 'none' | 'web-pki' | 'dane';
  /** Looked at, and told in reports, but not insisted on: MTA-STS in testing. */
  readonly wants: 'none' | 'web-pki';
  /** For `dane`. */
  readonly records: readonly TlsaRecord[];
  /** Names of which the certificate must have one. */
  readonly names: readonly string[];
  readonly policy: SessionTls['policy'];
  /** The other side must offer REQUIRETLS. */
  readonly needsRequireTls: boolean;
  /** Asked for and sent by name (SNI). */
  readonly serverName: string;
  readonly reported: ReportedPolicy;
}

/** A host that must not be used now. */
export interface Forbidden {
  readonly status: string;
  readonly message: string;
  readonly isPermanent: boolean;
  readonly type: TlsFailureType | undefined;
  readonly reported: ReportedPolicy;
}

export interface DemandParts {
  readonly resolver: Resolver & AliasResolver;
  readonly destination: Destination;
  readonly exchanges: Exchanges;
  /** Of the domain; nothing for literals and relays. */
  readonly sts: FoundPolicy;
}

export const NO_POLICY: ReportedPolicy = { type: 'no-policy-found', strings: [], mxHosts: [] };

export async function demandOf(host: MailHost, parts: DemandParts): Promise<TlsDemand | { readonly forbidden: Forbidden }> {
  const { destination, exchanges, sts } = parts;
  const need = destination.tlsNeed;
  if (destination.kind === 'relay') return ofRelay(destination.relay, host, need);
  const plain = plainDemand(host);
  if (destination.kind === 'literal' || need === 'optional') return need === 'required' ? { forbidden: unproven(host) } : plain;
  const dane = await daneRecords(parts.resolver, host, exchanges.isAuthentic);
  if (dane === 'unknown') {
    const message = `The DANE records of ${host.name} cannot be had, or are forged`;
    return {
      forbidden: { status: '4.7.5', message, isPermanent: false, type: 'dnssec-invalid', reported: { type: 'tlsa', strings: [], mxHosts: [host.name] } },
    };
  }
  if (dane.records.length > 0) return ofDane(host, dane, destination.domain, need);
  const policy = sts.policy?.mode === 'none' ? undefined : sts.policy;
  if (policy) {
    const reported: ReportedPolicy = { type: 'sts', strings: policy.lines, mxHosts: policy.mx };
    const isAllowed = allowsHost(policy, host.name);
    if (policy.mode === 'enforce' || need === 'required') {
      const message = `${host.name} is no host that the MTA-STS policy of ${destination.domain} allows`;
      if (!isAllowed) return { forbidden: { status: '4.7.5', message, isPermanent: false, type: 'validation-failure', reported } };
      return { ...plain, tls: 'required', check: 'web-pki', policy: 'mta-sts', reported, needsRequireTls: need === 'required' };
    }
    return { ...plain, wants: 'web-pki', policy: 'mta-sts', reported, names: isAllowed ? plain.names : [] };
  }
  if (need !== 'required') return plain;
  if (!exchanges.isAuthentic) return { forbidden: unproven(host) };
  return { ...plain, tls: 'required', check: 'web-pki', policy: 'message', needsRequireTls: true };
}

function plainDemand(host: MailHost): TlsDemand {
  const serverName = host.name.startsWith('[') ? (host.addresses[0] ?? host.name) : host.name;
  return {
    tls: 'opportunistic',
    check: 'none',
    wants: 'none',
    records: [],
    names: [serverName],
    policy: 'none',
    needsRequireTls: false,
    serverName,
    reported: NO_POLICY,
  };
}

/** What the administrator has written, and no less. */
function ofRelay(relay: Relay, host: MailHost, need: TlsNeed | undefined): TlsDemand {
  const plain = plainDemand(host);
  const isSafe = relay.tls === 'required' || relay.tls === 'implicit';
  if (need === 'required')
    return { ...plain, tls: relay.tls === 'implicit' ? 'implicit' : 'required', check: 'web-pki', policy: 'message', needsRequireTls: true };
  return { ...plain, tls: relay.tls, check: isSafe ? 'web-pki' : 'none', policy: isSafe ? 'route' : 'none' };
}

function ofDane(host: MailHost, { records, baseName }: DaneRecords, domain: string, need: TlsNeed | undefined): TlsDemand {
  const usable = usableRecords(records);
  const reported: ReportedPolicy = { type: 'tlsa', strings: records.map(recordText), mxHosts: [host.name] };
  const isRequired = need === 'required';
  // Records of kinds that nobody can use still say that there is TLS (RFC 7672 §2.2: "mandatory, but unauthenticated").
  if (usable.length === 0)
    return { ...plainDemand(host), tls: 'required', check: isRequired ? 'web-pki' : 'none', policy: 'dane', reported, needsRequireTls: isRequired };
  return {
    ...plainDemand(host),
    tls: 'required',
    check: 'dane',
    records: usable,
    // RFC 7672 §3.2.2.
    names: [...new Set([baseName, host.name, domain])],
    policy: 'dane',
    serverName: baseName,
    reported,
    needsRequireTls: isRequired,
  };
}

function unproven(host: MailHost): Forbidden {
  const message = `The message requires TLS, and nothing vouches for ${host.name} (neither DNSSEC nor MTA-STS)`;
  return { status: '5.7.30', message, isPermanent: true, type: undefined, reported: NO_POLICY };
}

interface DaneRecords {
  readonly records: readonly TlsaRecord[];
  /** The name at which they were found. */
  readonly baseName: string;
}

/** The TLSA records that DNSSEC vouches for; `unknown`: there may be some. RFC 7672 §2.1.2, §2.2.2, §2.2.3 */
async function daneRecords(resolver: Resolver & AliasResolver, host: MailHost, isNameAuthentic: boolean): Promise<DaneRecords | 'unknown'> {
  const none: DaneRecords = { records: [], baseName: host.name };
  if (!isNameAuthentic) return none;
  try {
    const candidates: string[] = [];
    if (host.isAuthentic) candidates.push(host.canonicalName);
    // An alias may be vouched for although what it leads to is not.
    const isAlias = host.canonicalName !== host.name;
    if (isAlias && (host.isAuthentic || (await resolver.resolveAlias(host.name)).isAuthentic)) candidates.push(host.name);
    for (const name of candidates) {
      const answer: DnsAnswer<TlsaRecord> = await resolver.resolveTlsa(`_${host.port}._tcp.${name}`);
      if (answer.isAuthentic && answer.records.length > 0) return { records: answer.records, baseName: name };
    }
    return none;
  } catch (error) {
    if (error instanceof DnsError) return 'unknown';
    throw error;
  }
}
