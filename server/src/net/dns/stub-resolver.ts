/**
 * The stub resolver: asks the recursive resolvers it is given, remembers answers, and sees the AD bit, which node:dns hides and without which there is no
 * DANE. The bit counts only from a resolver that is reached without a network in between, or that the administrator trusts (RFC 7671 §3).
 *
 * An answer is read once, when it comes; a remembered one costs a look into a table.
 * RFC 1034 §5.3.1 · RFC 2308 (negative answers) · RFC 4035 §4.6, §4.9 · RFC 6840 §5.7 · RFC 9520 (failures)
 */
import { Semaphore } from '#core/async.ts';
import { type Clock, systemClock } from '#core/clock.ts';
import { isLoopback } from '../address.ts';
import { AnswerCache } from './answer-cache.ts';
import { isName, reverseName } from './name.ts';
import type { RecordType } from './packet.ts';
import { readAnswer, type RecordTypes } from './read-answer.ts';
import { type AliasResolver, type DnsAnswer, DnsError, type MxRecord, type Resolver, type SrvRecord, type TlsaRecord } from './resolver.ts';
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
const QUESTIONS_AT_ONCE = 500;
/** Beyond these, questions are refused rather than queued without bound. */
const QUESTIONS_WAITING = 5000;
const CACHE = { entries: 50_000, octets: 32 * 1024 * 1024 };
const FAILURE_TTL_S = 5;
const FAILURE_OCTETS = 1000;
const NO_DOMAIN: DnsAnswer<never> = { status: 'no-domain', records: [], isAuthentic: false };

type Answers = DnsAnswer<RecordTypes[RecordType]>;

export class StubResolver implements Resolver, AliasResolver {
  readonly #options: StubOptions;
  readonly #answers: AnswerCache<Answers | DnsError>;
  readonly #running = new Map<string, Promise<Answers>>();
  readonly #slots = new Semaphore(QUESTIONS_AT_ONCE);

  constructor(options: StubOptions) {
    if (options.servers.length === 0) throw new Error('a resolver needs at least one DNS server');
    this.#options = options;
    this.#answers = new AnswerCache(options.clock ?? systemClock, CACHE);
  }

  resolveMx(domain: string): Promise<DnsAnswer<MxRecord>> {
    return this.#query(domain, 'MX');
  }

  async resolveAddresses(name: string, family?: 4 | 6): Promise<DnsAnswer<string>> {
    if (family !== undefined) return await this.#query(name, family === 4 ? 'A' : 'AAAA');
    const results = await Promise.allSettled([this.#query(name, 'AAAA'), this.#query(name, 'A')]);
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const records = answers.flatMap((answer) => answer.records);
    // One family that answers with addresses is enough; "no such address" needs the word of both.
    const failed = results.find((result) => result.status === 'rejected');
    if (failed && records.length === 0) throw failed.reason;
    const isAuthentic = !failed && answers.every((answer) => answer.isAuthentic);
    const canonicalName = answers.every((answer) => answer.canonicalName === answers[0]?.canonicalName) ? answers[0]?.canonicalName : undefined;
    if (records.length > 0) return { status: 'found', records, isAuthentic, canonicalName };
    return { status: answers.every((answer) => answer.status === 'no-domain') ? 'no-domain' : 'no-data', records, isAuthentic, canonicalName };
  }

  resolveTxt(name: string): Promise<DnsAnswer<string>> {
    return this.#query(name, 'TXT');
  }

  resolveTlsa(name: string): Promise<DnsAnswer<TlsaRecord>> {
    return this.#query(name, 'TLSA');
  }

  resolveAlias(name: string): Promise<DnsAnswer<string>> {
    return this.#query(name, 'CNAME');
  }

  /** A service of a domain: `_imaps._tcp.example.org`. RFC 2782 */
  resolveSrv(name: string): Promise<DnsAnswer<SrvRecord>> {
    return this.#query(name, 'SRV');
  }

  async resolvePtr(address: string): Promise<DnsAnswer<string>> {
    const name = reverseName(address);
    return name === undefined ? NO_DOMAIN : await this.#query(name, 'PTR');
  }

  /** The cache holds what `readAnswer` made for this type; hence the casts. */
  async #query<Type extends RecordType>(nameAsGiven: string, type: Type): Promise<DnsAnswer<RecordTypes[Type]>> {
    const name = (nameAsGiven.endsWith('.') ? nameAsGiven.slice(0, -1) : nameAsGiven).toLowerCase();
    const key = `${type} ${name}`;
    const known = this.#answers.get(key);
    if (known instanceof DnsError) throw known;
    if (known) return known as DnsAnswer<RecordTypes[Type]>;
    if (!isName(name)) return NO_DOMAIN;
    const running = this.#running.get(key);
    if (running) return (await running) as DnsAnswer<RecordTypes[Type]>;
    if (this.#running.size >= QUESTIONS_WAITING) throw new DnsError('too-busy', 'too many DNS questions at once');
    const question = this.#slots.use(() => this.#askServers(name, type, key)).finally(() => this.#running.delete(key));
    this.#running.set(key, question);
    return (await question) as DnsAnswer<RecordTypes[Type]>;
  }

  async #askServers(name: string, type: RecordType, key: string): Promise<Answers> {
    let failure = new DnsError('server-failure', 'no server was asked');
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of this.#options.servers) {
        try {
          const packet = await ask(server, name, type, (this.#options.timeoutMs ?? ATTEMPT_TIMEOUT_MS) * (round + 1));
          const isTrusted = this.#options.trustsAuthenticData === true || isLoopback(server.address);
          const { answer, ttlS, octets } = readAnswer(packet, name, type, isTrusted);
          this.#answers.set(key, answer, ttlS, octets + key.length);
          return answer;
        } catch (error) {
          failure = error instanceof DnsError ? error : new DnsError('server-failure', `${server.address}: ${String(error)}`, { cause: error });
        }
      }
    }
    this.#answers.set(key, failure, FAILURE_TTL_S, FAILURE_OCTETS);
    throw failure;
  }
}
