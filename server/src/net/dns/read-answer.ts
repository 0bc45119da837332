/**
 * What a server's answer says to a question: the records at the end of the aliases, read once and for good.
 *
 * RFC 1034 §3.6.2 (aliases) · RFC 2308 §2, §5 (negative answers) · RFC 6604 (status of an alias's target) · RFC 7505 (null MX)
 */
import { canonicalAddress } from '../address.ts';
import { isName } from './name.ts';
import { type Packet, type PacketRecord, type RecordType, readName, TYPES } from './packet.ts';
import { type DnsAnswer, DnsError, type MxRecord, type SrvRecord, type TlsaRecord } from './resolver.ts';

/** What a record of each type is read as. */
export interface RecordTypes extends Readonly<Record<RecordType, unknown>> {
  readonly A: string;
  readonly AAAA: string;
  readonly MX: MxRecord;
  readonly TXT: string;
  readonly TLSA: TlsaRecord;
  readonly PTR: string;
  readonly CNAME: string;
  readonly SRV: SrvRecord;
}

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

const READERS: { readonly [Type in RecordType]: (octets: Buffer, start: number, end: number) => RecordTypes[Type] | undefined } = {
  A: (octets, start, end) => (end - start === 4 ? canonicalAddress(octets.subarray(start, end).join('.')) : undefined),
  AAAA: (octets, start, end) => (end - start === 16 ? toAddress6(octets, start) : undefined),
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
  const isAuthentic = isTrusted && packet.isAuthentic;
  if (packet.rcode !== 'NOERROR' && packet.rcode !== 'NXDOMAIN') throw new DnsError('server-failure', `${name} ${type}: ${packet.rcode}`);
  // Who asks for an alias wants that one, not where it leads.
  const { owner, ttlS: aliasTtlS } = type === 'CNAME' ? { owner: name, ttlS: LONGEST_TTL_S } : followAliases(packet, name);
  let ttlS = aliasTtlS;
  let octets = OCTETS_EACH;
  const records: Array<RecordTypes[Type]> = [];
  if (packet.rcode === 'NOERROR') {
    for (const found of packet.answers) {
      if (found.type !== TYPES[type] || found.owner !== owner) continue;
      const record = READERS[type](packet.octets, found.start, found.end);
      if (record === undefined) continue;
      records.push(record);
      ttlS = Math.min(ttlS, found.ttlS);
      octets += OCTETS_EACH + found.end - found.start;
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
    ttlS: Math.min(ttlS, packet.negativeTtlS ?? NEGATIVE_TTL_WITHOUT_SOA_S, LONGEST_NEGATIVE_TTL_S),
    octets,
  };
}

function followAliases(packet: Packet, name: string): { readonly owner: string; readonly ttlS: number } {
  let owner = name;
  let ttlS = LONGEST_TTL_S;
  const aliases = packet.answers.filter(({ type }) => type === TYPES.CNAME);
  for (let count = 0; count < ALIASES; count++) {
    const found: PacketRecord | undefined = aliases.find((alias) => alias.owner === owner);
    const target = found && readName(packet.octets, found.start, found.end);
    if (!found || target === undefined) break;
    owner = target;
    ttlS = Math.min(ttlS, found.ttlS);
  }
  return { owner, ttlS };
}

function toAddress6(octets: Buffer, start: number): string | undefined {
  const groups: string[] = [];
  for (let at = start; at < start + 16; at += 2) groups.push(octets.readUInt16BE(at).toString(16));
  return canonicalAddress(groups.join(':'));
}

function toMx(octets: Buffer, start: number, end: number): MxRecord | undefined {
  if (end - start < 3) return undefined;
  const name = readName(octets, start + 2, end);
  // Where an address stands for the name, nobody is to be found; but there is a record, and the domain itself is not asked instead (RFC 5321 §5.1).
  if (name === undefined) return undefined;
  return { preference: octets.readUInt16BE(start), exchange: name === '.' ? '' : name };
}

/** One character an octet. */
function toText(octets: Buffer, start: number, end: number): string | undefined {
  let text = '';
  for (let at = start; at < end; ) {
    const next = at + 1 + (octets[at] as number);
    if (next > end) return undefined;
    text += octets.toString('latin1', at + 1, next);
    at = next;
  }
  return text;
}

function toTlsa(octets: Buffer, start: number, end: number): TlsaRecord | undefined {
  if (end - start < 4) return undefined;
  const [usage = 0, selector = 0, matchingType = 0] = octets.subarray(start, start + 3);
  return { usage, selector, matchingType, data: Buffer.from(octets.subarray(start + 3, end)) };
}

function toSrv(octets: Buffer, start: number, end: number): SrvRecord | undefined {
  if (end - start < 7) return undefined;
  const target = readName(octets, start + 6, end);
  if (target === undefined) return undefined;
  return { priority: octets.readUInt16BE(start), weight: octets.readUInt16BE(start + 2), port: octets.readUInt16BE(start + 4), target };
}

function toName(octets: Buffer, start: number, end: number): string | undefined {
  const name = readName(octets, start, end);
  return name !== undefined && isName(name) ? name : undefined;
}
