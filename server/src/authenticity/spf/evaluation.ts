/**
 * One evaluation of check_host(): the terms of a record in their order, with the limits that hold for the whole of it.
 *
 * RFC 7208 §4.4 to §4.8, §5, §6
 */
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import { isAtOrBelow } from '../domain-name.ts';
import type { SpfResult } from '../results.ts';
import { expandExplanation, expandName, type MacroValues, parseMacroString, type Piece } from './macro.ts';
import { addressOctets, dottedForm, isInNetwork } from './network.ts';
import { isSpfRecord, type Mechanism, parseSpfRecord, type Qualifier, type SpfRecord } from './record.ts';

export interface Client {
  /** Canonical. */
  readonly address: string;
  readonly octets: Uint8Array;
  readonly helo: string;
  readonly localPart: string;
  readonly senderDomain: string;
  readonly hostname: string;
  readonly nowMs: number | undefined;
}

export type Outcome = Pick<SpfResult, 'result' | 'mechanism' | 'explanation' | 'reason'>;

/** §4.6.4: terms that need the DNS, of all records together. */
const MOST_LOOKUPS = 10;
/** §4.6.4: of these, how many may find nothing. */
const MOST_VOID_LOOKUPS = 2;
/** §4.6.4: exchanges of one `mx`, names of the client's address. */
const MOST_NAMES = 10;
const LONGEST_MECHANISM = 200;

const RESULTS: Readonly<Record<Qualifier, 'pass' | 'fail' | 'softfail' | 'neutral'>> = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' };

/** Ends an evaluation. */
class SpfFailure extends Error {
  readonly result: 'temperror' | 'permerror';

  constructor(result: SpfFailure['result'], message: string) {
    super(message);
    this.result = result;
  }
}

export class Evaluation {
  readonly #resolver: Resolver;
  readonly #client: Client;
  readonly #family: 4 | 6;
  #lookups = 0;
  #voidLookups = 0;
  #isStopped = false;
  #names: Promise<readonly string[]> | undefined;

  constructor(resolver: Resolver, client: Client) {
    this.#resolver = resolver;
    this.#client = client;
    this.#family = client.octets.length === 4 ? 4 : 6;
  }

  /** No further question is asked. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Once. Never rejects for anything that comes from outside. */
  async run(domain: string): Promise<Outcome> {
    try {
      return await this.#check(domain, true);
    } catch (error) {
      if (error instanceof SpfFailure) return { result: error.result, reason: error.message };
      if (error instanceof DnsError) return { result: 'temperror', reason: error.message };
      throw error;
    }
  }

  /** check_host() for one domain. `wantsExplanation`: not that of an included record (§6.2). Throws SpfFailure, DnsError. */
  async #check(domain: string, wantsExplanation: boolean): Promise<Outcome> {
    const record = await this.#record(domain);
    if (!record) return { result: 'none', reason: `${domain} has no SPF record` };
    for (const mechanism of record.mechanisms) {
      if (!(await this.#matches(mechanism, domain))) continue;
      const result = RESULTS[mechanism.qualifier];
      const explanation = result === 'fail' && wantsExplanation && record.explanation ? await this.#explain(record.explanation, domain) : undefined;
      return { result, mechanism: mechanism.text.slice(0, LONGEST_MECHANISM), ...(explanation !== undefined && { explanation }) };
    }
    if (!record.redirect) return { result: 'neutral', reason: 'no term matches' };
    return await this.#redirect(record.redirect, domain, wantsExplanation);
  }

  /** §6.1. */
  async #redirect(target: readonly Piece[], domain: string, wantsExplanation: boolean): Promise<Outcome> {
    this.#countLookup();
    const name = await this.#expand(target, domain);
    const outcome = name === undefined ? undefined : await this.#check(name, wantsExplanation);
    if (outcome === undefined || outcome.result === 'none') throw new SpfFailure('permerror', `redirect= of ${domain} leads to no SPF record`);
    return outcome;
  }

  /** §4.4, §4.5. */
  async #record(domain: string): Promise<SpfRecord | undefined> {
    const answer = await this.#ask(() => this.#resolver.resolveTxt(domain));
    let choice = choices.get(answer);
    if (!choice) {
      choice = choose(answer.records);
      choices.set(answer, choice);
    }
    if (choice.error !== undefined) throw new SpfFailure('permerror', `${domain}: ${choice.error}`);
    return choice.record;
  }

  async #matches(mechanism: Mechanism, domain: string): Promise<boolean> {
    switch (mechanism.kind) {
      case 'all':
        return true;
      case 'ip':
        return isInNetwork(this.#client.octets, mechanism.network, mechanism.bits);
      case 'include':
        return await this.#include(mechanism.domain, domain);
      case 'a':
        return await this.#matchesAddress(mechanism, domain);
      case 'mx':
        return await this.#matchesExchange(mechanism, domain);
      case 'ptr':
        return await this.#matchesName(mechanism.domain, domain);
      case 'exists':
        return await this.#exists(mechanism.domain, domain);
    }
  }

  /** §5.2. */
  async #include(target: readonly Piece[], domain: string): Promise<boolean> {
    this.#countLookup();
    const name = await this.#expand(target, domain);
    if (name === undefined) return false;
    const { result } = await this.#check(name, false);
    if (result === 'none') throw new SpfFailure('permerror', `${domain} includes ${name}, which has no SPF record`);
    return result === 'pass';
  }

  /** §5.3. */
  async #matchesAddress(mechanism: Mechanism & { readonly kind: 'a' | 'mx' }, domain: string): Promise<boolean> {
    this.#countLookup();
    const name = await this.#target(mechanism.domain, domain);
    if (name === undefined) return false;
    const answer = await this.#ask(() => this.#resolver.resolveAddresses(name, this.#family));
    this.#countVoid(answer.records.length === 0);
    return this.#isAmong(answer.records, mechanism);
  }

  /** §5.4. */
  async #matchesExchange(mechanism: Mechanism & { readonly kind: 'a' | 'mx' }, domain: string): Promise<boolean> {
    this.#countLookup();
    const name = await this.#target(mechanism.domain, domain);
    if (name === undefined) return false;
    const answer = await this.#ask(() => this.#resolver.resolveMx(name));
    const exchanges = answer.records.map(({ exchange }) => exchange).filter((exchange) => exchange !== '');
    if (exchanges.length > MOST_NAMES) throw new SpfFailure('permerror', `${name} has more than ${MOST_NAMES} mail exchanges`);
    // All at once, so that ten slow ones take no longer than one; judged in their order.
    const answers = await Promise.allSettled(exchanges.map((exchange) => this.#ask(() => this.#resolver.resolveAddresses(exchange, this.#family))));
    let isVoid = true;
    for (const each of answers) {
      if (each.status === 'rejected') throw each.reason;
      if (each.value.records.length > 0) isVoid = false;
      if (this.#isAmong(each.value.records, mechanism)) return true;
    }
    this.#countVoid(isVoid);
    return false;
  }

  #isAmong(addresses: readonly string[], mechanism: { readonly bits4: number; readonly bits6: number }): boolean {
    const bits = this.#family === 4 ? mechanism.bits4 : mechanism.bits6;
    for (const text of addresses) {
      const octets = addressOctets(text);
      if (octets && isInNetwork(this.#client.octets, octets, bits)) return true;
    }
    return false;
  }

  /** §5.5. Errors of the DNS match nothing here; only names that matter are confirmed. */
  async #matchesName(target: readonly Piece[] | undefined, domain: string): Promise<boolean> {
    this.#countLookup();
    const name = (await this.#target(target, domain))?.toLowerCase();
    if (name === undefined || name === '') return false;
    for (const candidate of await this.#clientNames()) if (isAtOrBelow(candidate, name) && (await this.#isConfirmed(candidate))) return true;
    return false;
  }

  /** §5.7: IPv4 whatever the client's family. */
  async #exists(target: readonly Piece[], domain: string): Promise<boolean> {
    this.#countLookup();
    const name = await this.#expand(target, domain);
    if (name === undefined) return false;
    const answer = await this.#ask(() => this.#resolver.resolveAddresses(name, 4));
    this.#countVoid(answer.records.length === 0);
    return answer.records.length > 0;
  }

  /** §6.2: whatever goes wrong, there is no explanation, and the result stays. */
  async #explain(target: readonly Piece[], domain: string): Promise<string | undefined> {
    try {
      const name = await this.#expand(target, domain);
      if (name === undefined) return undefined;
      const { records } = await this.#ask(() => this.#resolver.resolveTxt(name));
      const pieces = records.length === 1 ? parseMacroString(records[0] as string, 'explanation') : undefined;
      return pieces && (await expandExplanation(pieces, this.#values(domain)));
    } catch (error) {
      if (error instanceof DnsError || error instanceof SpfFailure) return undefined;
      throw error;
    }
  }

  async #target(pieces: readonly Piece[] | undefined, domain: string): Promise<string | undefined> {
    return pieces ? await this.#expand(pieces, domain) : domain;
  }

  #expand(pieces: readonly Piece[], domain: string): string | undefined | Promise<string | undefined> {
    const [only] = pieces;
    // Nearly all domain-specs are plain names.
    if (pieces.length === 1 && typeof only === 'string' && only.length <= 253) return only.endsWith('.') ? only.slice(0, -1) : only;
    return expandName(pieces, this.#values(domain));
  }

  /** §7.2. */
  #values(domain: string): MacroValues {
    const { address, octets, helo, localPart, senderDomain, hostname, nowMs } = this.#client;
    return (letter) => {
      switch (letter) {
        case 's':
          return ascii(`${localPart}@${senderDomain}`);
        case 'l':
          return ascii(localPart);
        case 'o':
          return senderDomain;
        case 'd':
          return domain;
        case 'i':
          return dottedForm(octets);
        case 'p':
          return this.#validatedName(domain);
        case 'v':
          return octets.length === 4 ? 'in-addr' : 'ip6';
        case 'h':
          return ascii(helo);
        case 'c':
          return address;
        case 'r':
          return hostname;
        case 't':
          return nowMs === undefined ? undefined : String(Math.floor(nowMs / 1000));
        default:
          return undefined;
      }
    };
  }

  /** `%{p}`, §7.3: the domain itself, or a name below it, or any; `unknown` where none is confirmed. */
  async #validatedName(domain: string): Promise<string> {
    const names = await this.#clientNames();
    const wanted = domain.toLowerCase();
    const rank = (name: string): number => (name === wanted ? 0 : isAtOrBelow(name, wanted) ? 1 : 2);
    for (const name of names.toSorted((a, b) => rank(a) - rank(b))) if (await this.#isConfirmed(name)) return name;
    return 'unknown';
  }

  /** The first ten names of the client's address; none where the DNS does not answer. Asked for once. */
  #clientNames(): Promise<readonly string[]> {
    this.#names ??= this.#ask(() => this.#resolver.resolvePtr(this.#client.address)).then(
      (answer) => answer.records.slice(0, MOST_NAMES),
      (error: unknown) => {
        if (error instanceof DnsError) return [];
        throw error;
      },
    );
    return this.#names;
  }

  async #isConfirmed(name: string): Promise<boolean> {
    try {
      const answer = await this.#ask(() => this.#resolver.resolveAddresses(name, this.#family));
      return answer.records.includes(this.#client.address);
    } catch (error) {
      if (error instanceof DnsError) return false;
      throw error;
    }
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isStopped) throw new SpfFailure('temperror', 'out of time');
    return question();
  }

  #countLookup(): void {
    if (++this.#lookups > MOST_LOOKUPS) throw new SpfFailure('permerror', `more than ${MOST_LOOKUPS} terms need the DNS`);
  }

  /** A term whose questions found nothing at all; the client's own names do not count, for its owner is not the domain's. */
  #countVoid(isVoid: boolean): void {
    if (isVoid && ++this.#voidLookups > MOST_VOID_LOOKUPS)
      throw new SpfFailure('permerror', `more than ${MOST_VOID_LOOKUPS} terms ask for what does not exist`);
  }
}

interface Choice {
  /** Undefined where there is none. */
  readonly record?: SpfRecord | undefined;
  readonly error?: string | undefined;
}

/** Records that were read before, for as long as the resolver remembers the very answer they came in. */
const choices = new WeakMap<object, Choice>();

function choose(texts: readonly string[]): Choice {
  const records = texts.filter(isSpfRecord);
  if (records.length > 1) return { error: `there are ${records.length} SPF records` };
  if (records[0] === undefined) return {};
  const record = parseSpfRecord(records[0]);
  return 'error' in record ? record : { record };
}

/** Labels cannot hold anything else; what would need it matches nothing. RFC 8616 §4 */
function ascii(text: string): string | undefined {
  return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}
