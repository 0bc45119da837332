/**
 * The forwards, as the way in asks for them: what an account has, kept in memory of this thread until the directory changes, so that mail for an account without
 * forwards (nearly all) costs one look at a map.
 */
import type { AccountId } from '#core/ids.ts';
import { Memory } from '#core/memory.ts';
import { findDomain } from '#directory/domains.ts';
import { findForwardByCode, type Forward, forwardsOf } from '#directory/forwards.ts';
import { forwardSecrets } from '#directory/forward-secrets.ts';
import type { Store } from '#store/store.ts';

/** Accounts, and domains. */
const LIMIT = 50_000;
const NONE: readonly Forward[] = [];

export class ForwardBook implements Disposable {
  readonly #store: Pick<Store, 'query' | 'onNotify'>;
  readonly #active = new Memory<AccountId, readonly Forward[]>(LIMIT);
  readonly #sealed = new Memory<string, boolean>(LIMIT);
  readonly #secrets = new Memory<'all', readonly Uint8Array[]>(1);
  readonly #subscription: Disposable;

  constructor(store: Pick<Store, 'query' | 'onNotify'>) {
    this.#store = store;
    this.#subscription = store.onNotify('directory', () => this.#forget());
  }

  /** The confirmed forwards that run, of the account and of all its addresses. */
  async activeOf(account: AccountId): Promise<readonly Forward[]> {
    return await this.#active.of(account, async () => {
      const active = (await this.#store.query(forwardsOf(account))).filter(({ state }) => state === 'active');
      return active.length === 0 ? NONE : active;
    });
  }

  /** The keys of rewritten senders, the newest first. */
  async secrets(): Promise<readonly Uint8Array[]> {
    return await this.#secrets.of('all', () => this.#store.query(forwardSecrets()));
  }

  /** Whether what is forwarded for addresses of this domain (lower-case A-labels) is sealed (ARC). */
  async seals(domain: string): Promise<boolean> {
    return await this.#sealed.of(domain, async () => (await this.#store.query(findDomain(domain)))?.arcSeal === true);
  }

  /** The forward that this code confirms; undefined where it is wrong, used up or too old. */
  async byCode(code: string, nowMs: number): Promise<Forward | undefined> {
    return await this.#store.query(findForwardByCode(code, nowMs));
  }

  /** Hears of no changes any more. */
  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #forget(): void {
    for (const memory of [this.#active, this.#sealed, this.#secrets]) memory.forget();
  }
}
