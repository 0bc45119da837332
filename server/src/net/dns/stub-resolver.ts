/**
 * The stub resolver: asks the recursive resolvers it is given, remembers answers, and sees the AD bit, which node:dns hides and without which there is no
 * DANE. The bit counts only from a resolver that is reached without a network in between, or that the administrator trusts (RFC 7671 §3).
 *
 * RFC 1034 §5.3.1 · RFC 2308 (negative answers) · RFC 4035 §4.6, §4.9 · RFC 6840 §5.7
 */
import { isIP } from 'node:net';
import type { Answer, Packet } from 'dns-packet';
import ipaddr from 'ipaddr.js';
import { Semaphore } from '#core/async.ts';
import { type Clock, systemClock } from '#core/clock.ts';
import { canonicalAddress, isLoopback } from '../address.ts';
import { AnswerCache } from './answer-cache.ts';
import { type DnsAnswer, DnsError, type MxRecord, type Resolver, type TlsaRecord } from './resolver.ts';
import { ask, type DnsServer } from './transport.ts';

export interface StubOptions {
  readonly servers: readonly DnsServer[];
  /** Take the AD bit of servers elsewhere too. Loopback's is always taken. */
  readonly trustsAuthenticData?: boolean;
  /** For one attempt; the second round waits twice as long. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const ATTEMPT_TIMEOUT_MS = 2000;
const ROUNDS = 2;
const QUESTIONS_AT_ONCE = 200;
/** Beyond these, questions are refused rather than queued without bound. */
const QUESTIONS_WAITING = 5000;
const CACHED_ANSWERS = 20_000;
const LONGEST_TTL_S = 24 * 3600;
const LONGEST_NEGATIVE_TTL_S = 900;
const FAILURE_TTL_S = 5;
const ALIASES = 12;
const RECORDS = 500;

type RecordType = 'A' | 'AAAA' | 'MX' | 'TXT' | 'TLSA' | 'PTR';
type Raw = DnsAnswer<unknown>;

export class StubResolver implements Resolver {
  readonly #options: StubOptions;
  readonly #answers: AnswerCache<Raw | DnsError>;
  readonly #running = new Map<string, Promise<Raw>>();
  readonly #slots = new Semaphore(QUESTIONS_AT_ONCE);

  constructor(options: StubOptions) {
    if (options.servers.length === 0) throw new Error('a resolver needs at least one DNS server');
    this.#options = options;
    this.#answers = new AnswerCache(options.clock ?? systemClock, CACHED_ANSWERS);
  }

  async resolveMx(domain: string): Promise<DnsAnswer<MxRecord>> {
    const answer = convert(await this.#query(domain, 'MX'), toMx);
    return { ...answer, records: answer.records.toSorted((a, b) => a.preference - b.preference) };
  }

  async resolveAddresses(name: string, family?: 4 | 6): Promise<DnsAnswer<string>> {
    const types: RecordType[] = family === 4 ? ['A'] : family === 6 ? ['AAAA'] : ['AAAA', 'A'];
    const results = await Promise.allSettled(types.map((type) => this.#query(name, type)));
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [convert(result.value, toAddress)] : []));
    const records = answers.flatMap((answer) => answer.records);
    // One family that answers with addresses is enough; "no such address" needs the word of both.
    const failed = results.find((result) => result.status === 'rejected');
    if (failed && records.length === 0) throw failed.reason;
    const isAuthentic = !failed && answers.every((answer) => answer.isAuthentic);
    if (records.length > 0) return { status: 'found', records, isAuthentic };
    return { status: answers.every((answer) => answer.status === 'no-domain') ? 'no-domain' : 'no-data', records, isAuthentic };
  }

  async resolveTxt(name: string): Promise<DnsAnswer<string>> {
    return convert(await this.#query(name, 'TXT'), toText);
  }

  async resolveTlsa(name: string): Promise<DnsAnswer<TlsaRecord>> {
    return convert(await this.#query(name, 'TLSA'), toTlsa);
  }

  async resolvePtr(address: string): Promise<DnsAnswer<string>> {
    const name = reverseName(address);
    if (name === undefined) return { status: 'no-domain', records: [], isAuthentic: false };
    return convert(await this.#query(name, 'PTR'), toName);
  }

  async #query(nameAsGiven: string, type: RecordType): Promise<Raw> {
    const name = (nameAsGiven.endsWith('.') ? nameAsGiven.slice(0, -1) : nameAsGiven).toLowerCase();
    if (!isName(name)) return { status: 'no-domain', records: [], isAuthentic: false };
    const key = `${type} ${name}`;
    const known = this.#answers.get(key);
    if (known instanceof DnsError) throw known;
    if (known) return known;
    const running = this.#running.get(key);
    if (running) return await running;
    if (this.#running.size >= QUESTIONS_WAITING) throw new DnsError('too-busy', 'too many DNS questions at once');
    const question = this.#slots.use(() => this.#askServers(name, type, key)).finally(() => this.#running.delete(key));
    this.#running.set(key, question);
    return await question;
  }

  async #askServers(name: string, type: RecordType, key: string): Promise<Raw> {
    let failure = new DnsError('server-failure', 'no server was asked');
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of this.#options.servers) {
        try {
          const packet = await ask(server, name, type, (this.#options.timeoutMs ?? ATTEMPT_TIMEOUT_MS) * (round + 1));
          const isTrusted = this.#options.trustsAuthenticData === true || isLoopback(server.address);
          const { answer, ttlS } = read(packet, name, type, isTrusted);
          this.#answers.set(key, answer, ttlS);
          return answer;
        } catch (error) {
          failure = error instanceof DnsError ? error : new DnsError('server-failure', `${server.address}: ${String(error)}`, { cause: error });
        }
      }
    }
    this.#answers.set(key, failure, FAILURE_TTL_S);
    throw failure;
  }
}

/** Throws DnsError for answers that say nothing (SERVFAIL, REFUSED). */
function read(packet: Packet, name: string, type: RecordType, isTrusted: boolean): { answer: Raw; ttlS: number } {
  const isAuthentic = isTrusted && packet.flag_ad === true;
  if (packet.rcode !== 'NOERROR' && packet.rcode !== 'NXDOMAIN') throw new DnsError('server-failure', `${name} ${type}: ${packet.rcode ?? 'no code'}`);
  const answers = packet.answers ?? [];
  let owner = name;
  let ttlS = LONGEST_TTL_S;
  for (let alias = 0; alias < ALIASES; alias++) {
    const found = answers.find((record) => record.type === 'CNAME' && record.name.toLowerCase() === owner);
    if (!found || typeof found.data !== 'string') break;
    owner = found.data.toLowerCase();
    ttlS = Math.min(ttlS, found.ttl ?? 0);
  }
  const matching = answers.filter((record) => record.type === type && record.name.toLowerCase() === owner).slice(0, RECORDS);
  if (packet.rcode === 'NOERROR' && matching.length > 0) {
    for (const record of matching) ttlS = Math.min(ttlS, record.ttl ?? 0);
    return { answer: { status: 'found', records: matching.map((record) => record.data), isAuthentic }, ttlS };
  }
  const status = packet.rcode === 'NXDOMAIN' ? 'no-domain' : 'no-data';
  return { answer: { status, records: [], isAuthentic }, ttlS: Math.min(ttlS, negativeTtl(packet.authorities ?? [])) };
}

/** RFC 2308 §5: the smaller of the SOA's own time and its minimum field. */
function negativeTtl(authorities: readonly Answer[]): number {
  const soa = authorities.find((record) => record.type === 'SOA');
  if (!soa) return 0;
  const minimum = (soa.data as { readonly minimum?: unknown } | undefined)?.minimum;
  return Math.min(soa.ttl ?? 0, typeof minimum === 'number' ? minimum : 0, LONGEST_NEGATIVE_TTL_S);
}

/** Records that cannot be read are left out; if none is left, there is none. */
function convert<T>(answer: Raw, one: (data: unknown) => T | undefined): DnsAnswer<T> {
  const records = answer.records.map(one).filter((record): record is T & {} => record !== undefined);
  return { status: answer.status === 'found' && records.length === 0 ? 'no-data' : answer.status, records, isAuthentic: answer.isAuthentic };
}

function toMx(data: unknown): MxRecord | undefined {
  const { preference, exchange } = data as { preference?: unknown; exchange?: unknown };
  if (typeof preference !== 'number' || typeof exchange !== 'string') return undefined;
  const name = exchange === '.' ? '' : exchange.toLowerCase();
  return name === '' || isName(name) ? { preference, exchange: name } : undefined;
}

function toAddress(data: unknown): string | undefined {
  return typeof data === 'string' ? canonicalAddress(data) : undefined;
}

function toText(data: unknown): string | undefined {
  const strings = Array.isArray(data) ? (data as unknown[]) : [data];
  return Buffer.concat(strings.filter((part): part is Buffer => Buffer.isBuffer(part))).toString('latin1');
}

function toTlsa(data: unknown): TlsaRecord | undefined {
  const { usage, selector, matchingType, certificate } = data as Record<string, unknown>;
  if (typeof usage !== 'number' || typeof selector !== 'number' || typeof matchingType !== 'number' || !Buffer.isBuffer(certificate)) return undefined;
  return { usage, selector, matchingType, data: Buffer.from(certificate) };
}

function toName(data: unknown): string | undefined {
  return typeof data === 'string' && isName(data) ? data.toLowerCase() : undefined;
}

/** Printable ASCII, at most 253 octets in labels of 1 to 63 (underscores and such included: the DNS does not mind). */
function isName(name: string): boolean {
  if (name.length === 0 || name.length > 253 || isIP(name) !== 0) return false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || code === 0x5c) return false;
  }
  return name.split('.').every((label) => label.length > 0 && label.length <= 63);
}

function reverseName(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address === undefined) return undefined;
  const bytes = ipaddr.parse(address).toByteArray();
  if (bytes.length === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles
    .toReversed()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`;
}
