/**
 * Addresses that are known not to be on the suppression list, since it last grew: nearly every recipient of nearly every message, and a question to the store
 * costs the reader's page cache, which every commit of the writer empties.
 */
import type { AccountId } from '#core/ids.ts';
import type { Store } from '#store/store.ts';
import { readSuppression, type Suppression } from './suppression.ts';

/** Addresses; when there are more, it begins anew. */
const LIMIT = 20_000;

export class SuppressionMemory {
  readonly #store: Pick<Store, 'query'>;
  readonly #absent = new Set<string>();

  constructor(store: Pick<Store, 'query' | 'onNotify'>) {
    this.#store = store;
    // Lasts as long as the store of this thread. What ends need not be told: only what is absent is remembered.
    store.onNotify('suppressions', () => this.#absent.clear());
  }

  /** `readSuppression`. */
  async find(account: AccountId, address: string, nowMs: number): Promise<Suppression | undefined> {
    const key = `${account} ${address}`;
    if (this.#absent.has(key)) return undefined;
    const found = await this.#store.query(readSuppression(account, address, nowMs));
    if (found === undefined) {
      if (this.#absent.size >= LIMIT) this.#absent.clear();
      this.#absent.add(key);
    }
    return found;
  }
}
