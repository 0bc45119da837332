/**
 * The keywords of an account and flag lists made with them. Held by the sessions of a thread together: one table an account.
 *
 * RFC 9051 §2.3.2, §7.3.5
 */
import type { AccountId } from '#core/ids.ts';
import { FIRST_KEYWORD, KEYWORD_LIMIT, SYSTEM_FLAGS } from '#store/flags.ts';
import { readKeywords } from '#store/keywords.ts';
import type { Store } from '#store/store.ts';
import { FlagLists } from './fetch/flag-lists.ts';

export class Keywords {
  /** Names by bit; 0 to 4 are not used. */
  names: readonly (string | undefined)[] = [];
  /** Flag sets ready to send. Replaced when the keywords change. */
  lists: FlagLists = new FlagLists([]);
  readonly #store: Store;
  readonly #account: AccountId;
  #loadedAt = -1;
  /** Sessions that hear of the same change ask together. */
  #loading: { readonly atModseq: number; readonly done: Promise<void> } | undefined;

  constructor(store: Store, account: AccountId) {
    this.#store = store;
    this.#account = account;
  }

  /** Makes sure that the names are those of this modseq or later. Costs nothing while the account has not changed. */
  async refresh(atModseq: number): Promise<void> {
    if (atModseq <= this.#loadedAt) return;
    if (this.#loading === undefined || this.#loading.atModseq < atModseq) this.#loading = { atModseq, done: this.#load(atModseq) };
    const loading = this.#loading;
    try {
      await loading.done;
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
    }
  }

  async #load(atModseq: number): Promise<void> {
    const byBit = await this.#store.query(readKeywords(this.#account));
    this.#loadedAt = Math.max(this.#loadedAt, atModseq);
    const names = Array.from({ length: Math.max(0, ...byBit.keys()) + 1 }, (_, bit) => byBit.get(bit));
    if (names.length === this.names.length && names.every((name, bit) => name === this.names[bit])) return;
    this.names = names;
    this.lists = new FlagLists(names);
  }

  /** The arguments of the FLAGS reply: `(\Answered ... $Forwarded)`. */
  flags(): string {
    return `(${this.#all().join(' ')})`;
  }

  /** The argument of PERMANENTFLAGS: what a client can set; `\*` while there is room for more. */
  permanentFlags(): string {
    const hasRoom = this.names.filter((name) => name !== undefined).length < KEYWORD_LIMIT;
    return `(${[...this.#all(), ...(hasRoom ? ['\\*'] : [])].join(' ')})`;
  }

  #all(): string[] {
    return [...SYSTEM_FLAGS, ...this.names.slice(FIRST_KEYWORD).filter((name) => name !== undefined)];
  }
}

const tables = new WeakMap<Store, Map<AccountId, { readonly keywords: Keywords; users: number }>>();

/** The account's table on this thread; give it back with `release`. */
export function holdKeywords(store: Store, account: AccountId): Keywords {
  let accounts = tables.get(store);
  if (accounts === undefined) tables.set(store, (accounts = new Map()));
  let entry = accounts.get(account);
  if (entry === undefined) accounts.set(account, (entry = { keywords: new Keywords(store, account), users: 0 }));
  entry.users++;
  return entry.keywords;
}

export function releaseKeywords(store: Store, account: AccountId): void {
  const accounts = tables.get(store);
  const entry = accounts?.get(account);
  if (entry !== undefined && --entry.users === 0) accounts?.delete(account);
}
