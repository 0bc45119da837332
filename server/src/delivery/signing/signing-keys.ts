/** The keys that mail of our domains is signed with, read once and kept until the directory changes. */
import { readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import type { Clock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import { makeDkimKeys } from '#directory/dkim-keys-make.ts';
import { listDkimKeys } from '#directory/dkim-keys.ts';
import { findDomain } from '#directory/domains.ts';
import type { Log } from '#log/log.ts';
import type { Store } from '#store/store.ts';

/** Domains; when there are more, it begins anew. */
const LIMIT = 10_000;

export interface SigningKeysServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export class SigningKeys implements Disposable {
  readonly #services: SigningKeysServices;
  readonly #keys = new Map<string, Promise<readonly SigningKey[]>>();
  readonly #subscription: Disposable;

  constructor(services: SigningKeysServices) {
    this.#services = services;
    this.#subscription = services.store.onNotify('directory', () => this.#keys.clear());
  }

  /** The active keys of a domain (lower-case A-labels), RSA first; empty where the domain is not ours. A domain of ours that has none yet gets its first. */
  async of(domain: string): Promise<readonly SigningKey[]> {
    let keys = this.#keys.get(domain);
    if (keys === undefined) {
      if (this.#keys.size >= LIMIT) this.#keys.clear();
      keys = this.#read(domain);
      this.#keys.set(domain, keys);
      // What could not be read is read again.
      keys.catch(() => this.#keys.delete(domain));
    }
    return await keys;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  async #read(domain: string): Promise<readonly SigningKey[]> {
    const { store, clock, log } = this.#services;
    if ((await store.query(findDomain(domain))) === undefined) return [];
    let found = await store.query(listDkimKeys(domain));
    if (found.length === 0 && (await this.#makeFirst(domain, clock.nowMs()))) found = await store.query(listDkimKeys(domain));
    const keys: SigningKey[] = [];
    for (const { selector, state, pem } of found) {
      if (state !== 'active' || pem === undefined) continue;
      try {
        keys.push(readSigningKey({ domain, selector, pem }));
      } catch (error) {
        log.error('dkim.unsigned', error, { domain, selector });
      }
    }
    if (keys.length === 0) log.warn('dkim.unsigned', { domain });
    return keys;
  }

  async #makeFirst(domain: string, nowMs: number): Promise<boolean> {
    try {
      await makeDkimKeys(this.#services.store, { domain, as: 'first', nowMs });
      return true;
    } catch (error) {
      // The domain has just been removed, or the disk is full: mail goes on without.
      if (error instanceof DomainError) return false;
      throw error;
    }
  }
}
