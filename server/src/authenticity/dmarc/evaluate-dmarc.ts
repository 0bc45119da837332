/**
 * DMARC: whether SPF or DKIM speaks for the author's domain, and what that domain asks for where neither does.
 *
 * Decisions are made elsewhere; this gives the facts and the policy that the domain's owner wishes.
 * RFC 9989 §4.10.1 (policy discovery), §4.10.2 (alignment), §5.3 (receivers), §11.5 (several authors)
 */
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import { domainToName, isAtOrBelow } from '../domain-name.ts';
import type { DkimResult, DmarcPolicy, DmarcResult, SpfResult } from '../results.ts';
import type { DmarcRecord } from './record.ts';
import { findOrganizationalDomain, type FoundRecord, lookUpRecord, walkTree } from './tree-walk.ts';

export interface DmarcQuery {
  /** The domains of all addresses in the From field, as written (A-labels or UTF-8). */
  readonly fromDomains: readonly string[];
  readonly spf: SpfResult;
  readonly dkim: readonly DkimResult[];
}

/** More authors' domains than these are not looked at: each costs questions, and hardly any honest message has two. */
export const MOST_AUTHOR_DOMAINS = 4;
const SEVERITY: Readonly<Record<DmarcPolicy, number>> = { none: 0, quarantine: 1, reject: 2 };
const LESS: Readonly<Record<DmarcPolicy, DmarcPolicy>> = { none: 'none', quarantine: 'none', reject: 'quarantine' };

/**
 * Never throws. Without an author's domain the result is `permerror`. With several, each must pass: of those that fail the strictest counts (its domain is
 * `fromDomain`), so that a second author is no way around the first one's policy.
 */
export async function evaluateDmarc(resolver: Resolver, query: DmarcQuery): Promise<DmarcResult> {
  const domains = new Set<string>();
  let problem: string | undefined;
  for (const text of query.fromDomains) {
    const name = domainToName(text);
    if (name === undefined) problem ??= 'an author has no valid domain';
    else if (domains.size < MOST_AUTHOR_DOMAINS) domains.add(name);
    else if (!domains.has(name)) problem = `more than ${MOST_AUTHOR_DOMAINS} author domains`;
  }
  const [first] = domains;
  if (first === undefined) return nothing('permerror', problem ?? 'there is no author');
  if (domains.size === 1 && problem === undefined) return await evaluateOne(resolver, first, query);
  const results = await Promise.all(Array.from(domains, (domain) => evaluateOne(resolver, domain, query)));
  return strictest(results, problem);
}

/** `problem`: why not all authors could be looked at. */
function strictest(results: readonly DmarcResult[], problem: string | undefined): DmarcResult {
  const reason = problem ?? `${results.length} author domains`;
  const failed = results.filter(({ result }) => result === 'fail').toSorted((a, b) => SEVERITY[b.policy ?? 'none'] - SEVERITY[a.policy ?? 'none'])[0];
  if (failed) return { ...failed, reason: `${reason}; ${failed.fromDomain} fails` };
  const unknown = results.find(({ result }) => result === 'temperror');
  if (unknown) return { ...unknown, reason: `${reason}; ${unknown.reason ?? 'the DNS did not answer'}` };
  if (problem !== undefined) return nothing('permerror', reason);
  const unprotected = results.find(({ result }) => result !== 'pass');
  return { ...((unprotected ?? results[0]) as DmarcResult), fromDomain: '', reason };
}

async function evaluateOne(resolver: Resolver, author: string, query: DmarcQuery): Promise<DmarcResult> {
  try {
    const policy = await discoverPolicy(resolver, author);
    if (!policy) return { ...nothing('none', 'no DMARC record'), fromDomain: author };
    if (!isUsable(policy.record))
      return { ...nothing('none', `the record of ${policy.domain} has no valid policy`), fromDomain: author, policyDomain: policy.domain };
    return await compare(resolver, author, policy, query);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return { ...nothing('temperror', error.message), fromDomain: author };
  }
}

interface Policy extends FoundRecord {
  /** Known where a walk was needed to find the record. */
  readonly organizationalDomain: string | undefined;
}

/** The record of the author's domain, else of its organization, else of the public suffix. */
async function discoverPolicy(resolver: Resolver, author: string): Promise<Policy | undefined> {
  const own = await lookUpRecord(resolver, author);
  if (own) return { domain: author, record: own, organizationalDomain: own.psd === 'u' ? undefined : author };
  const { found, organizationalDomain } = await walkTree(resolver, author);
  const chosen = found.find(({ domain }) => domain === organizationalDomain) ?? found.findLast(({ record }) => record.psd === 'y');
  return chosen && { ...chosen, organizationalDomain };
}

/** §4.10.1: without a readable policy a record still asks for reports, or for nothing at all. */
function isUsable(record: DmarcRecord): boolean {
  return hasPolicy(record) || record.rua.length > 0;
}

function hasPolicy(record: DmarcRecord): boolean {
  return record.p !== undefined && !record.hasBadSubdomainPolicy;
}

async function compare(resolver: Resolver, author: string, found: Policy, query: DmarcQuery): Promise<DmarcResult> {
  const { record } = found;
  const alignment = new Alignment(resolver, author, found);
  const spf = await alignment.best([query.spf], record.aspf);
  const dkim = await alignment.best(query.dkim, record.adkim);
  const isPass = spf === 'pass' || dkim === 'pass';
  // What might have spoken for the author if the DNS had answered: neither pass nor fail (§5.3.6).
  const isUnknown = !isPass && (spf === 'unknown' || dkim === 'unknown');
  const published = publishedBy(record);
  const wished =
    author === found.domain ? published.p : published.sp === published.np || (await exists(resolver, author, isPass)) ? published.sp : published.np;
  return {
    result: isPass ? 'pass' : isUnknown ? 'temperror' : 'fail',
    fromDomain: author,
    policyDomain: found.domain,
    organizationalDomain: alignment.organizationalDomain,
    policy: record.isTesting ? LESS[wished] : wished,
    published,
    reportTo: record.rua.map(({ uri }) => uri),
    alignedSpf: spf === 'pass',
    alignedDkim: dkim === 'pass',
    ...(isUnknown && { reason: 'the DNS did not answer for an aligned domain' }),
  };
}

/** What stands in the record, or follows from what stands there. */
function publishedBy(record: DmarcRecord): NonNullable<DmarcResult['published']> {
  const p = hasPolicy(record) ? (record.p ?? 'none') : 'none';
  const sp = hasPolicy(record) ? (record.sp ?? p) : 'none';
  const np = hasPolicy(record) ? (record.np ?? sp) : 'none';
  return { p, sp, np, adkim: record.adkim, aspf: record.aspf, isTesting: record.isTesting };
}

/** §3.2.13: only NXDOMAIN says that a domain does not exist. Where the policy is not needed, an answer is not insisted on. */
async function exists(resolver: Resolver, domain: string, isPass: boolean): Promise<boolean> {
  try {
    return (await resolver.resolveTxt(domain)).status !== 'no-domain';
  } catch (error) {
    if (isPass) return true;
    throw error;
  }
}

/** Whether domains belong to the author's organization; asks for that only when a name could. */
class Alignment {
  readonly #author: string;
  readonly #resolver: Resolver;
  #organizationalDomain: string | undefined;

  constructor(resolver: Resolver, author: string, found: Policy) {
    this.#resolver = resolver;
    this.#author = author;
    this.#organizationalDomain = found.organizationalDomain;
  }

  /** Undefined where nothing made it necessary to find out. */
  get organizationalDomain(): string | undefined {
    return this.#organizationalDomain;
  }

  /** `pass` where one that passed is aligned; `unknown` where the DNS kept us from knowing that. */
  async best(identifiers: ReadonlyArray<{ readonly result: string; readonly domain: string }>, mode: 'r' | 's'): Promise<'pass' | 'unknown' | 'none'> {
    const passed = new Set(identifiers.filter(({ result }) => result === 'pass').map(({ domain }) => domain));
    // This needs no question.
    if (passed.has(this.#author)) return 'pass';
    let isUnknown = false;
    for (const domain of passed) {
      const isAligned = await this.#isAligned(domain, mode);
      if (isAligned) return 'pass';
      isUnknown ||= isAligned === undefined;
    }
    for (const { result, domain } of identifiers) {
      if (isUnknown) break;
      if (result === 'temperror') isUnknown = (await this.#isAligned(domain, mode)) !== false;
    }
    return isUnknown ? 'unknown' : 'none';
  }

  /** Undefined where the DNS did not answer. */
  async #isAligned(domain: string, mode: 'r' | 's'): Promise<boolean | undefined> {
    if (domain === this.#author) return true;
    const top = this.#author.slice(this.#author.lastIndexOf('.') + 1);
    if (mode === 's' || !isAtOrBelow(domain, top)) return false;
    try {
      this.#organizationalDomain ??= await findOrganizationalDomain(this.#resolver, this.#author);
      // An organizational domain stands above its names: what does not lie below the author's has another one.
      if (!isAtOrBelow(domain, this.#organizationalDomain)) return false;
      return (await findOrganizationalDomain(this.#resolver, domain)) === this.#organizationalDomain;
    } catch (error) {
      if (error instanceof DnsError) return undefined;
      throw error;
    }
  }
}

function nothing(result: DmarcResult['result'], reason: string): DmarcResult {
  return { result, fromDomain: '', alignedSpf: false, alignedDkim: false, reason };
}
