/** Addresses that are known not to be on the suppression list, since it last grew: nearly every recipient of nearly every message. */
import type { AccountId } from '#core/ids.ts';
import { Memory } from '#core/memory.ts';
import type { Store } from '#store/store.ts';
import { readSuppression, type Suppression } from './suppression.ts';

/** Addresses. */
const LIMIT = 20_000;

export class SuppressionMemory {
  readonly #store: Pick<Store, 'query'>;
  readonly #known = new Memory<string, Suppression | undefined>(LIMIT);

  constructor(store: Pick<Store, 'query' | 'onNotify'>) {
    this.#store = store;
    // Lasts as long as the store of this thread. What ends need not be told: only what is absent is remembered.
    store.onNotify('suppressions', () => this.#known.forget());
  }

  /** `readSuppression`. */
  async find(account: AccountId, address: string, nowMs: number): Promise<Suppression | undefined> {
    return await this.#known.of(`${account} ${address}`, () => this.#store.query(readSuppression(account, address, nowMs)), isAbsent);
  }
}

function isAbsent(found: Suppression | undefined): boolean {
  return found === undefined;
}
