/**
 * What a server's answer says to a question: the records at the end of the aliases, read once and for good.
 *
 * RFC 1034 §3.6.2 (aliases) · RFC 2308 §2, §5 (negative answers) · RFC 6604 (status of an alias's target) · RFC 7505 (null MX)
 */
import type { Answer, Packet } from 'dns-packet';
import { canonicalAddress } from '../address.ts';
import { isName } from './name.ts';
import { type DnsAnswer, DnsError, type MxRecord, type SrvRecord, type TlsaRecord } from './resolver.ts';

export interface RecordTypes {
  readonly A: string;
  readonly AAAA: string;
  readonly MX: MxRecord;
  readonly TXT: string;
  readonly TLSA: TlsaRecord;
  readonly PTR: string;
  readonly CNAME: string;
  readonly SRV: SrvRecord;
}

export type RecordType = keyof RecordTypes;

export interface ReadAnswer<Record> {
  readonly answer: DnsAnswer<Record>;
  /** How long it may be remembered. */
  readonly ttlS: number;
  /** What it takes to remember it, roughly. */
  readonly octets: number;
}

const LONGEST_TTL_S = 24 * 3600;
const LONGEST_NEGATIVE_TTL_S = 900;
/** RFC 2308 §5 would not remember these at all; stub listeners such as systemd-resolved leave the SOA out of every answer. */
const NEGATIVE_TTL_WITHOUT_SOA_S = 5;
const ALIASES = 12;
const RECORDS = 500;
const OCTETS_EACH = 200;

const READERS: { readonly [Type in RecordType]: (data: unknown) => RecordTypes[Type] | undefined } = {
  A: toAddress,
  AAAA: toAddress,
  MX: toMx,
  TXT: toText,
  TLSA: toTlsa,
  PTR: toName,
  CNAME: toName,
  SRV: toSrv,
};

/**
 * Records that cannot be read are left out; if none is left, there is none. MX records come ordered by preference. Throws DnsError for answers that say
 * nothing (SERVFAIL, REFUSED).
 */
export function readAnswer<Type extends RecordType>(packet: Packet, name: string, type: Type, isTrusted: boolean): ReadAnswer<RecordTypes[Type]> {
  const isAuthentic = isTrusted && packet.flag_ad === true;
  if (packet.rcode !== 'NOERROR' && packet.rcode !== 'NXDOMAIN') throw new DnsError('server-failure', `${name} ${type}: ${packet.rcode ?? 'no code'}`);
  const answers = packet.answers ?? [];
  // Who asks for an alias wants that one, not where it leads.
  const { owner, ttlS: aliasTtlS } = type === 'CNAME' ? { owner: name, ttlS: LONGEST_TTL_S } : followAliases(answers, name);
  let ttlS = aliasTtlS;
  let octets = OCTETS_EACH;
  const records: Array<RecordTypes[Type]> = [];
  if (packet.rcode === 'NOERROR') {
    for (const { type: recordType, name: recordName, ttl, data } of answers) {
      if (recordType !== type || recordName.toLowerCase() !== owner) continue;
      const record = READERS[type](data);
      if (record === undefined) continue;
      records.push(record);
      ttlS = Math.min(ttlS, ttl ?? 0);
      octets += OCTETS_EACH + (typeof record === 'string' ? record.length : 0);
      if (records.length === RECORDS) break;
    }
  }
  if (records.length > 0) {
    if (type === 'MX') (records as MxRecord[]).sort((a, b) => a.preference - b.preference);
    return { answer: { status: 'found', records: Object.freeze(records), isAuthentic, canonicalName: owner }, ttlS, octets };
  }
  const status = packet.rcode === 'NXDOMAIN' ? 'no-domain' : 'no-data';
  return {
    answer: { status, records: Object.freeze(records), isAuthentic, canonicalName: owner },
    ttlS: Math.min(ttlS, negativeTtl(packet.authorities ?? [])),
    octets,
  };
}

function followAliases(answers: readonly Answer[], name: string): { readonly owner: string; readonly ttlS: number } {
  let owner = name;
  let ttlS = LONGEST_TTL_S;
  for (let alias = 0; alias < ALIASES; alias++) {
    const found = answers.find((record) => record.type === 'CNAME' && record.name.toLowerCase() === owner);
    if (!found || typeof found.data !== 'string') break;
    owner = found.data.toLowerCase();
    ttlS = Math.min(ttlS, found.ttl ?? 0);
  }
  return { owner, ttlS };
}

/** RFC 2308 §5: the smaller of the SOA's own time and its minimum field. */
function negativeTtl(authorities: readonly Answer[]): number {
  const soa = authorities.find((record) => record.type === 'SOA');
  if (!soa) return NEGATIVE_TTL_WITHOUT_SOA_S;
  const minimum = (soa.data as { readonly minimum?: unknown } | undefined)?.minimum;
  return Math.min(soa.ttl ?? 0, typeof minimum === 'number' ? minimum : 0, LONGEST_NEGATIVE_TTL_S);
}

function toMx(data: unknown): MxRecord | undefined {
  const { preference, exchange } = (data ?? {}) as { preference?: unknown; exchange?: unknown };
  if (typeof preference !== 'number' || typeof exchange !== 'string') return undefined;
  const name = exchange === '.' ? '' : exchange.toLowerCase();
  return name === '' || isName(name) ? { preference, exchange: name } : undefined;
}

function toAddress(data: unknown): string | undefined {
  return typeof data === 'string' ? canonicalAddress(data) : undefined;
}

/** One character an octet. */
function toText(data: unknown): string | undefined {
  if (Buffer.isBuffer(data)) return data.toString('latin1');
  if (!Array.isArray(data)) return undefined;
  let text = '';
  for (const part of data as unknown[]) if (Buffer.isBuffer(part)) text += part.toString('latin1');
  return text;
}

function toTlsa(data: unknown): TlsaRecord | undefined {
  const { usage, selector, matchingType, certificate } = (data ?? {}) as Record<string, unknown>;
  if (typeof usage !== 'number' || typeof selector !== 'number' || typeof matchingType !== 'number' || !Buffer.isBuffer(certificate)) return undefined;
  return { usage, selector, matchingType, data: Buffer.from(certificate) };
}

function toSrv(data: unknown): SrvRecord | undefined {
  const { priority, weight, port, target } = (data ?? {}) as Record<string, unknown>;
  if (typeof priority !== 'number' || typeof weight !== 'number' || typeof port !== 'number' || typeof target !== 'string') return undefined;
  return { priority, weight, port, target: target.toLowerCase() };
}

function toName(data: unknown): string | undefined {
  return typeof data === 'string' && isName(data) ? data.toLowerCase() : undefined;
}
