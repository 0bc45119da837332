/** Making keys for a domain: off the event loop, then written in one mutation. */
import { dkimDnsRecord, generateDkimKeys, selectorName } from '#authenticity/dkim/keys.ts';
import type { Store } from '#store/store.ts';
import { addDkimKeys } from './dkim-keys.ts';

/** Makes a generation. `first`: does nothing where the domain has keys. Returns whether it was added. Throws `domain-not-found`. */
export async function makeDkimKeys(
  store: Store,
  { domain, as, nowMs }: { readonly domain: string; readonly as: 'first' | 'next'; readonly nowMs: number },
): Promise<boolean> {
  const keys = await generateDkimKeys();
  return await store.commit(addDkimKeys, {
    domain,
    as,
    nowMs,
    keys: keys.map(({ algorithm, pem }) => ({ selector: selectorName(algorithm, nowMs), algorithm, pem, record: dkimDnsRecord(pem).text })),
  });
}
