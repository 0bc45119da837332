/** Whether an address has a name that leads back to it. RFC 8601 §3 */
import type { Resolver } from '#net/dns/resolver.ts';
import type { IprevResult } from './results.ts';

const MOST_NAMES = 10;

/** Looks at the first ten names of the address. Never throws. */
export async function checkIprev(resolver: Resolver, address: string): Promise<IprevResult> {
  try {
    const names = await resolver.resolvePtr(address);
    for (const name of names.records.slice(0, MOST_NAMES)) {
      const addresses = await resolver.resolveAddresses(name, address.includes(':') ? 6 : 4);
      if (addresses.records.includes(address)) return { result: 'pass', name };
    }
    return { result: 'fail' };
  } catch {
    return { result: 'temperror' };
  }
}
