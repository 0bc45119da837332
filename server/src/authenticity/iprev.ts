/**
 * Whether an address has a name that leads back to it.
 *
 * RFC 8601 §2.7.3, §3
 */
import { canonicalAddress } from '#net/address.ts';
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import type { IprevResult } from './results.ts';

/** Whose addresses are looked up, of all that an address may claim. */
const MOST_NAMES = 10;

/** `permerror`: the address has no name at all. Never throws. */
export async function checkIprev(resolver: Resolver, addressText: string): Promise<IprevResult> {
  const address = canonicalAddress(addressText);
  if (address === undefined) return { result: 'permerror' };
  const family = address.includes(':') ? 6 : 4;
  try {
    const names = (await resolver.resolvePtr(address)).records.slice(0, MOST_NAMES);
    if (names.length === 0) return { result: 'permerror' };
    // All at once, so that ten names without an answer take no longer than one; the first that fits counts.
    const answers = await Promise.allSettled(names.map((name) => resolver.resolveAddresses(name, family)));
    const index = answers.findIndex((answer) => answer.status === 'fulfilled' && answer.value.records.includes(address));
    if (index >= 0) return { result: 'pass', name: names[index] };
    return { result: answers.some((answer) => answer.status === 'rejected') ? 'temperror' : 'fail' };
  } catch (error) {
    if (error instanceof DnsError) return { result: 'temperror' };
    throw error;
  }
}
