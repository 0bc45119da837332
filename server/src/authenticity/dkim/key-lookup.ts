/**
 * Finds the public keys that signatures name. Each name is asked once a message, and nothing here ever rejects: what the DNS could not say is a result.
 *
 * RFC 6376 §3.6.2, §6.1.2
 */
import type { Resolver } from '#net/dns/resolver.ts';
import { type KeyRecord, readKeyRecord } from './key-record.ts';

/** `found`: at least one record holds a key; several stand under one name when somebody replaces a key carelessly. */
export type FoundKeys =
  | { readonly status: 'found'; readonly keys: readonly KeyRecord[] }
  | { readonly status: 'none'; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string };

/** Different names that one message may ask for: ten signatures and a chain of fifty seals made by twenty-five domains. */
const NAMES_A_MESSAGE = 60;
/** §6.1.2 lets a verifier try each of several records. */
const KEYS_TRIED = 2;
const RECORDS_READ = 10;

export class KeyLookup {
  readonly #resolver: Resolver;
  readonly #asked = new Map<string, Promise<FoundKeys>>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  find({ domain, selector }: { readonly domain: string; readonly selector: string }): Promise<FoundKeys> {
    const name = `${selector}._domainkey.${domain}`;
    const known = this.#asked.get(name);
    if (known !== undefined) return known;
    if (this.#asked.size >= NAMES_A_MESSAGE) return Promise.resolve({ status: 'unknown', reason: 'the message names too many keys' });
    const asked = this.#ask(name);
    this.#asked.set(name, asked);
    return asked;
  }

  async #ask(name: string): Promise<FoundKeys> {
    try {
      const { records } = await this.#resolver.resolveTxt(name);
      const read = records.slice(0, RECORDS_READ).map(readKeyRecord);
      const keys = read.filter((record): record is KeyRecord => 'key' in record).slice(0, KEYS_TRIED);
      if (keys.length > 0) return { status: 'found', keys };
      const unusable = read.flatMap((record) => ('unusable' in record ? [record.unusable] : []));
      // Among records of other kinds the one that is a key record tells the reason.
      const reason = unusable.find((one) => one !== 'not a key record') ?? (unusable.length > 0 ? 'not a key record' : 'there is none');
      return { status: 'none', reason: `no key at ${name}: ${reason}` };
    } catch (error) {
      return { status: 'unknown', reason: `no answer about ${name}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
}
