/** What tests of reports ask of the directory. */
import { findDomain } from '#directory/domains.ts';
import type { Store } from '#store/store.ts';

export function isLocalDomainOf(store: Store): (domain: string) => Promise<boolean> {
  return async (domain) => (await store.query(findDomain(domain))) !== undefined;
}
