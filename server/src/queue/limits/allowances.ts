/**
 * What the accounts that send over this thread may still send, as far as is known here: asked at every RCPT, so it is read anew only when it is old or would end in
 * a refusal. What other threads have taken meanwhile is found when the message is counted (count-submitted.ts).
 */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import type { Program } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { type AccountHold, readAccountHold } from '../hold.ts';
import { readAccountSending } from './account-limits.ts';
import { type Allowance, readAllowance } from './allowance.ts';
import type { SendingLimits } from './settings.ts';

/** What is known of an account. */
export interface KnownAllowance extends Allowance {
  readonly hold: AccountHold | undefined;
}

interface Remembered {
  readonly known: KnownAllowance;
  readonly readAtMs: number;
}

const FRESH_MS = 1000;
/** Accounts; when there are more, it begins anew. */
const LIMIT = 10_000;

export class Allowances {
  readonly limits: SendingLimits;
  readonly #store: Pick<Store, 'query'>;
  readonly #clock: Clock;
  readonly #remembered = new Map<AccountId, Remembered>();

  constructor(store: Pick<Store, 'query' | 'onNotify'>, clock: Clock, limits: SendingLimits) {
    this.limits = limits;
    this.#store = store;
    this.#clock = clock;
    // Lasts as long as the store of this thread. A limit or a hold has changed.
    store.onNotify('sending', () => this.#remembered.clear());
  }

  /** What the account may still send; certain where it is less than `recipients`, else perhaps a second old. */
  async of(account: AccountId, recipients: number): Promise<KnownAllowance> {
    const nowMs = this.#clock.nowMs();
    const remembered = this.#remembered.get(account);
    if (remembered !== undefined && isFresh(remembered, nowMs) && remembered.known.remaining >= recipients) return remembered.known;
    const known = await this.#store.query(readKnown(account, this.limits, nowMs));
    if (this.#remembered.size >= LIMIT) this.#remembered.clear();
    this.#remembered.set(account, { known, readAtMs: nowMs });
    return known;
  }

  /** A message of this thread was counted. */
  took(account: AccountId, recipients: number): void {
    const remembered = this.#remembered.get(account);
    if (remembered === undefined) return;
    const remaining = Math.max(0, remembered.known.remaining - recipients);
    this.#remembered.set(account, { ...remembered, known: { ...remembered.known, remaining } });
  }
}

function isFresh({ readAtMs }: Remembered, nowMs: number): boolean {
  return nowMs >= readAtMs && nowMs < readAtMs + FRESH_MS;
}

function* readKnown(account: AccountId, limits: SendingLimits, nowMs: number): Program<KnownAllowance> {
  const own = yield* readAccountSending(account);
  return { ...(yield* readAllowance(account, own, limits, nowMs)), hold: yield* readAccountHold(account) };
}
