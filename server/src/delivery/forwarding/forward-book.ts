/**
 * The forwards, as the way in asks for them: what an account has, kept in memory of this thread until the directory changes, so that mail for an account without
 * forwards (nearly all) costs one look at a map.
 */
import type { AccountId } from '#core/ids.ts';
import { findDomain } from '#directory/domains.ts';
import { findForwardByCode, type Forward, forwardsOf } from '#directory/forwards.ts';
import { forwardSecrets } from '#directory/forward-secrets.ts';
import type { Store } from '#store/store.ts';

/** Accounts; when there are more, it begins anew. */
const LIMIT = 50_000;
const NONE: readonly Forward[] = [];

export class ForwardBook implements Disposable {
  readonly #store: Pick<Store, 'query' | 'onNotify'>;
  readonly #active = new Map<AccountId, readonly Forward[]>();
  readonly #sealed = new Map<string, boolean>();
  #secrets: readonly Uint8Array[] | undefined;
  /** Grows with each change: what was asked before it is not kept. */
  #generation = 0;
  readonly #subscription: Disposable;

  constructor(store: Pick<Store, 'query' | 'onNotify'>) {
    this.#store = store;
    this.#subscription = store.onNotify('directory', () => this.#forget());
  }

  /** The confirmed forwards that run, of the account and of all its addresses. */
  async activeOf(account: AccountId): Promise<readonly Forward[]> {
    const known = this.#active.get(account);
    if (known !== undefined) return known;
    const generation = this.#generation;
    const found = (await this.#store.query(forwardsOf(account))).filter(({ state }) => state === 'active');
    if (generation === this.#generation) {
      if (this.#active.size >= LIMIT) this.#active.clear();
      this.#active.set(account, found.length === 0 ? NONE : found);
    }
    return found;
  }

  /** The keys of rewritten senders, the newest first. */
  async secrets(): Promise<readonly Uint8Array[]> {
    if (this.#secrets !== undefined) return this.#secrets;
    const generation = this.#generation;
    const found = await this.#store.query(forwardSecrets());
    if (generation === this.#generation) this.#secrets = found;
    return found;
  }

  /** Whether what is forwarded for addresses of this domain (lower-case A-labels) is sealed (ARC). */
  async seals(domain: string): Promise<boolean> {
    const known = this.#sealed.get(domain);
    if (known !== undefined) return known;
    const generation = this.#generation;
    const isSealed = (await this.#store.query(findDomain(domain)))?.arcSeal === true;
    if (generation === this.#generation) {
      if (this.#sealed.size >= LIMIT) this.#sealed.clear();
      this.#sealed.set(domain, isSealed);
    }
    return isSealed;
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
    this.#generation++;
    this.#active.clear();
    this.#sealed.clear();
    this.#secrets = undefined;
  }
}
