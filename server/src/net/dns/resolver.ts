/**
 * Questions to the DNS as the rooms above ask them. A name that does not exist and a name without such records are answers; only what could not be found
 * out is an error, and every error is temporary.
 *
 * RFC 1034 §3.6 · RFC 5321 §5.1 (MX) · RFC 6698 §2 (TLSA) · RFC 7505 (null MX)
 */

export interface DnsAnswer<Record> {
  readonly status: 'found' | 'no-data' | 'no-domain';
  /** Empty unless found. */
  readonly records: readonly Record[];
  /** The resolver has validated the answer with DNSSEC, and it is one whose word is taken. */
  readonly isAuthentic: boolean;
  /** Where aliases (CNAME) have led: the name itself where there are none. Lower case; undefined where it is not known. */
  readonly canonicalName?: string | undefined;
}

/** The DNS did not answer: try again later. */
export class DnsError extends Error {
  readonly code: 'timeout' | 'server-failure' | 'malformed' | 'too-busy';

  constructor(code: DnsError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DnsError';
    this.code = code;
  }
}

export interface MxRecord {
  readonly preference: number;
  /** Lower case, without the final dot; empty for a null MX. */
  readonly exchange: string;
}

/** RFC 6698 §2.1. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Buffer;
}

/** For who must know whether an alias is authentic although what it leads to is not. RFC 7672 §2.2.2 */
export interface AliasResolver {
  /** The next name in the chain of aliases; at most one record. Throws DnsError. */
  resolveAlias(name: string): Promise<DnsAnswer<string>>;
}

/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Lower case; `.` where the service is not offered. */
  readonly target: string;
}

/** Throws DnsError from every method, and nothing else. Names are A-labels, without the final dot; what cannot be a name is `no-domain`. */
export interface Resolver {
  /** Ordered by preference. */
  resolveMx(domain: string): Promise<DnsAnswer<MxRecord>>;
  /** Canonical texts; IPv6 and IPv4 addresses, or one family only. */
  resolveAddresses(name: string, family?: 4 | 6): Promise<DnsAnswer<string>>;
  /** Each record's strings joined, one character an octet (latin1): SPF and DKIM look at octets. */
  resolveTxt(name: string): Promise<DnsAnswer<string>>;
  resolveTlsa(name: string): Promise<DnsAnswer<TlsaRecord>>;
  /** Names of an address, lower case. */
  resolvePtr(address: string): Promise<DnsAnswer<string>>;
}
