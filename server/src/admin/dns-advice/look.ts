/** Whether advised records are in the DNS. Each is asked for by itself; what cannot be found out is `unknown`. */
import { checkSpf } from '#authenticity/spf/check-spf.ts';
import { isSameKey } from '#directory/dkim-keys-published.ts';
import { DnsError } from '#net/dns/resolver.ts';
import type { StubResolver } from '#net/dns/stub-resolver.ts';
import type { AdvisedRecord } from './advice.ts';

/** `there`: it says what it should, though perhaps in other words. `different`: something else is there. */
export type RecordStatus = 'there' | 'missing' | 'different' | 'unknown';

export interface LookedUp {
  readonly status: RecordStatus;
  /** What was found, as text. */
  readonly found: readonly string[];
}

/** Addresses of the mail host that are looked at. */
const ADDRESSES = 10;

export async function lookUp(resolver: StubResolver, record: AdvisedRecord, mailHostname: string): Promise<LookedUp> {
  try {
    return await look(resolver, record, mailHostname);
  } catch (error) {
    if (error instanceof DnsError) return { status: 'unknown', found: [] };
    throw error;
  }
}

/** The PTR records that the addresses of the mail host should have. */
export async function advisePointers(resolver: StubResolver, mailHostname: string): Promise<readonly AdvisedRecord[]> {
  return (await addressesOf(resolver, mailHostname)).map((address) => ({
    purpose: 'ptr',
    type: 'PTR',
    name: address,
    value: `${mailHostname}.`,
    importance: 'needed',
  }));
}

async function look(resolver: StubResolver, record: AdvisedRecord, mailHostname: string): Promise<LookedUp> {
  const { name, value } = record;
  switch (record.purpose) {
    case 'mx': {
      const { records } = await resolver.resolveMx(name);
      return judged(
        records.map(({ preference, exchange }) => `${preference} ${exchange}.`),
        (text) => text.endsWith(` ${mailHostname}.`),
      );
    }
    case 'address':
      return judged((await resolver.resolveAddresses(name)).records, () => true);
    case 'ptr':
      return judged(
        (await resolver.resolvePtr(name)).records.map((found) => `${found}.`),
        (text) => text === value,
      );
    case 'spf':
    case 'spf-helo':
      return await lookForSpf(resolver, name, mailHostname);
    case 'dkim':
    case 'dkim-upcoming':
    case 'dkim-retired': {
      const found = (await resolver.resolveTxt(name)).records;
      const { status } = judged(found, (text) => isSameKey(text, value));
      // Two records at one name are none (RFC 6376 §3.6.2.2).
      return { status: status === 'there' && found.length > 1 ? 'different' : status, found };
    }
    case 'dmarc':
      return judged(
        await textsOf(resolver, name, /^v=DMARC1\s*(?:;|$)/),
        (text) => /;\s*p\s*=\s*(?:quarantine|reject)\b/i.test(text) && /;\s*rua\s*=/i.test(text),
      );
    case 'mta-sts':
      return judged(await textsOf(resolver, name, /^v=STSv1\s*;/), (text) => text.replace(/[\s;]+/g, '') === value.replace(/[\s;]+/g, ''));
    case 'tls-rpt':
      return judged(await textsOf(resolver, name, /^v=TLSRPTv1\s*;/), (text) => /;\s*rua\s*=/.test(text));
    case 'service': {
      const { records } = await resolver.resolveSrv(name);
      const wanted = value.split(' ').slice(2).join(' ');
      return judged(
        records.map(({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${target}.`),
        (text) => text.endsWith(` ${wanted}`),
      );
    }
  }
}

/** Other words may say the same: what counts is that each address of the mail host passes. */
async function lookForSpf(resolver: StubResolver, domain: string, mailHostname: string): Promise<LookedUp> {
  const found = await textsOf(resolver, domain, /^v=spf1(?: |$)/i);
  if (found.length === 0) return { status: 'missing', found };
  const addresses = await addressesOf(resolver, mailHostname);
  if (addresses.length === 0) return { status: 'unknown', found };
  const sender = { localPart: 'postmaster', domain };
  const results = await Promise.all(addresses.map((address) => checkSpf(resolver, { address, helo: mailHostname, sender, hostname: mailHostname })));
  if (results.some(({ result }) => result === 'temperror')) return { status: 'unknown', found };
  return { status: results.every(({ result }) => result === 'pass') ? 'there' : 'different', found };
}

async function addressesOf(resolver: StubResolver, hostname: string): Promise<readonly string[]> {
  try {
    return (await resolver.resolveAddresses(hostname)).records.slice(0, ADDRESSES);
  } catch (error) {
    if (error instanceof DnsError) return [];
    throw error;
  }
}

/** The TXT records of this kind; there are others at most names. */
async function textsOf(resolver: StubResolver, name: string, kind: RegExp): Promise<readonly string[]> {
  return (await resolver.resolveTxt(name)).records.filter((text) => kind.test(text));
}

function judged(found: readonly string[], isRight: (text: string) => boolean): LookedUp {
  if (found.length === 0) return { status: 'missing', found };
  return { status: found.some(isRight) ? 'there' : 'different', found };
}
