/**
 * The DNS tree walk: which DMARC records stand at a domain and above it, and which of these domains is the organization's.
 *
 * RFC 9989 §4.10, §4.10.2
 */
import type { Resolver } from '#net/dns/resolver.ts';
import { type DmarcRecord, parseDmarcRecord } from './record.ts';

/** With more labels than that, the walk jumps from the domain itself to its last seven: never more than eight questions. */
const LABELS_ABOVE = 7;

export interface FoundRecord {
  readonly domain: string;
  readonly record: DmarcRecord;
}

export interface TreeWalk {
  /** Those on the way, the longest name first. */
  readonly found: readonly FoundRecord[];
  readonly organizationalDomain: string;
}

/** What was read before, for as long as the resolver remembers the very answer it came in; null: no record. */
const readBefore = new WeakMap<object, DmarcRecord | null>();

/** The record of one name; undefined where there is none, or several. Throws DnsError. */
export async function lookUpRecord(resolver: Resolver, domain: string): Promise<DmarcRecord | undefined> {
  const answer = await resolver.resolveTxt(`_dmarc.${domain}`);
  if (answer.records.length === 0) return undefined;
  let record = readBefore.get(answer);
  if (record === undefined) {
    record = onlyRecord(answer.records) ?? null;
    readBefore.set(answer, record);
  }
  return record ?? undefined;
}

function onlyRecord(texts: readonly string[]): DmarcRecord | undefined {
  let only: DmarcRecord | undefined;
  for (const text of texts) {
    const record = parseDmarcRecord(text);
    if (record && only) return undefined;
    only ??= record;
  }
  return only;
}

/** Walks from a domain (in the form of `domainToName`) to the root. Throws DnsError when a question that matters has no answer. */
export async function walkTree(resolver: Resolver, domain: string): Promise<TreeWalk> {
  const names = namesToAsk(domain);
  // All at once: the walk waits for one answer instead of up to eight. What lies above the end of the walk is not looked at.
  const answers = await Promise.allSettled(names.map((name) => lookUpRecord(resolver, name)));
  const found: FoundRecord[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason;
    if (!answer.value) continue;
    found.push({ domain: names[index] as string, record: answer.value });
    if (answer.value.psd !== 'u') break;
  }
  return { found, organizationalDomain: selectOrganizationalDomain(domain, found) };
}

/** Throws DnsError. */
export async function findOrganizationalDomain(resolver: Resolver, domain: string): Promise<string> {
  return (await walkTree(resolver, domain)).organizationalDomain;
}

/** Whether two domains (in the form of `domainToName`) have the same organizational domain. Throws DnsError. */
export async function areOneOrganization(resolver: Resolver, one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  // An organizational domain stands above its names, so that names without a common end have none in common.
  if (one.slice(one.lastIndexOf('.')) !== other.slice(other.lastIndexOf('.'))) return false;
  return (await findOrganizationalDomain(resolver, one)) === (await findOrganizationalDomain(resolver, other));
}

/** The names of a walk, the longest first. */
export function namesToAsk(domain: string): readonly string[] {
  const labels = domain.split('.');
  const names = [domain];
  for (let count = Math.min(labels.length - 1, LABELS_ABOVE); count > 0; count--) names.push(labels.slice(-count).join('.'));
  return names;
}

function selectOrganizationalDomain(start: string, found: readonly FoundRecord[]): string {
  const last = found.at(-1);
  if (!last) return start;
  // Only the last can carry the tag: the walk ends there.
  if (last.record.psd !== 'y' || last.domain === start) return last.domain;
  const labelsBelow = last.domain.split('.').length + 1;
  return start.split('.').slice(-labelsBelow).join('.');
}
