/** Which of our keys the DNS has. RFC 6376 §3.6.2 */
import { readKeyRecord } from '#authenticity/dkim/key-record.ts';
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import type { DkimKeyInfo } from './dkim-keys.ts';

/** Where the record of a key belongs. */
export function dkimRecordName({ domain, selector }: Pick<DkimKeyInfo, 'domain' | 'selector'>): string {
  return `${selector}._domainkey.${domain}`;
}

/** Whether a TXT record publishes the same key as ours, however it is written. */
export function isSameKey(text: string, record: string): boolean {
  const found = readKeyRecord(text);
  const ours = readKeyRecord(record);
  // Comparing keys of two kinds leaves an error in OpenSSL's memory, which the next reading of a private key would throw as its own.
  return 'key' in found && 'key' in ours && found.kind === ours.kind && found.key.equals(ours.key);
}

/** The selectors whose records are there, and there alone (several records are none); undefined where the DNS could not say. */
export async function publishedSelectors(resolver: Resolver, keys: readonly DkimKeyInfo[]): Promise<readonly string[] | undefined> {
  const found: string[] = [];
  for (const key of keys) {
    try {
      const { records } = await resolver.resolveTxt(dkimRecordName(key));
      const [text, ...others] = records;
      if (text !== undefined && others.length === 0 && isSameKey(text, key.record)) found.push(key.selector);
    } catch (error) {
      if (error instanceof DnsError) return undefined;
      throw error;
    }
  }
  return found;
}
