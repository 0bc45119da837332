/**
 * Limits on failed sign-ins. Each is a rate with a burst, kept as one number (the theoretical arrival time of GCRA) in a table common to all threads.
 * An attempt is charged when it begins and given back when it succeeds, so that a thousand guesses at once find no gap.
 *
 * Nobody can lock another out: what refuses outright is counted per network and account, or per network, or applies to unfamiliar networks only; what is
 * counted per account only delays, and not where the account has signed in from within 30 days. The machine itself is delayed and never refused. The same wrong password again is not counted (sign-in.ts): a mail program with an old password harms nobody.
 */
import { isLoopback, limitKey, networkOf } from '#net/address.ts';
import type { SignInDigest } from './shared-sign-in.ts';
import type { SharedTable, TableKey } from './shared-table.ts';

/** `burst` at once, then one each `intervalMs`. */
export interface Rate {
  readonly burst: number;
  readonly intervalMs: number;
}

export interface SignInLimits {
  /** One address on one account, unfamiliar: refused beyond. */
  readonly perAddressAndAccount: Rate;
  /** One network over all accounts, unfamiliar: refused beyond. */
  readonly perNetwork: Rate;
  /** One account from all unfamiliar networks: delayed beyond. */
  readonly perAccount: Rate;
  /** One familiar address on one account: delayed beyond, then refused. From this machine: delayed only. */
  readonly familiar: Rate;
  /** All unfamiliar networks together: delayed beyond, then refused. */
  readonly global: Rate;
  /** The longest delay. */
  readonly maxDelayMs: number;
}

export const DEFAULT_LIMITS: SignInLimits = {
  perAddressAndAccount: { burst: 10, intervalMs: 6 * 60_000 },
  perNetwork: { burst: 100, intervalMs: 36_000 },
  perAccount: { burst: 20, intervalMs: 5_000 },
  familiar: { burst: 20, intervalMs: 10_000 },
  global: { burst: 500, intervalMs: 200 },
  maxDelayMs: 15_000,
};

/** Who tries, at what. */
export interface Attempt {
  /** The account, or the name where there is none. */
  readonly subject: string;
  readonly address: string;
  /** Whether the account has signed in from this network within 30 days. */
  readonly isFamiliar: boolean;
}

/** Gives back what an attempt was charged. */
export type Refund = () => void;

export class SignInGate {
  readonly #table: SharedTable;
  readonly #digest: SignInDigest;
  readonly #limits: SignInLimits;

  constructor(table: SharedTable, digest: SignInDigest, limits: SignInLimits = DEFAULT_LIMITS) {
    this.#table = table;
    this.#digest = digest;
    this.#limits = limits;
  }

  /** Whether an attempt would begin at once: then the caches may be asked before it is charged. */
  isOpen(attempt: Attempt, nowMs: number): boolean {
    const { key, rate } = this.#pair(attempt);
    const arrival = this.#table.get(key)?.[0] ?? 0;
    return arrival <= nowMs + (rate.burst - 1) * rate.intervalMs;
  }

  /** Charges an attempt: how long it must wait, or undefined where it is refused. */
  enter(attempt: Attempt, nowMs: number): { readonly delayMs: number; readonly refund: Refund } | undefined {
    const charged: Charge[] = [];
    const refund = (): void => {
      for (const charge of charged) this.#refund(charge);
    };
    let delayMs = 0;
    for (const charge of this.#charges(attempt)) {
      const wait = this.#take(charge, nowMs);
      if (wait === Infinity) {
        refund();
        return undefined;
      }
      charged.push(charge);
      delayMs = Math.max(delayMs, wait);
    }
    return { delayMs, refund };
  }

  #charges(attempt: Attempt): readonly Charge[] {
    const { perAccount, perNetwork, global, maxDelayMs } = this.#limits;
    const pair = this.#pair(attempt);
    if (isTrusted(attempt)) return [pair];
    return [
      pair,
      { key: this.#digest.of('network', neighbourhood(attempt.address)), rate: perNetwork, maxDelayMs: 0, refuses: true },
      { key: this.#digest.of('global'), rate: global, maxDelayMs, refuses: true },
      { key: this.#digest.of('account', attempt.subject), rate: perAccount, maxDelayMs, refuses: false },
    ];
  }

  #pair(attempt: Attempt): Charge {
    const { familiar, perAddressAndAccount, maxDelayMs } = this.#limits;
    const unit = limitKey(attempt.address);
    return isTrusted(attempt)
      ? { key: this.#digest.of('familiar', unit, attempt.subject), rate: familiar, maxDelayMs, refuses: !isLoopback(attempt.address) }
      : { key: this.#digest.of('pair', unit, attempt.subject), rate: perAddressAndAccount, maxDelayMs: 0, refuses: true };
  }

  /** The time to wait. Beyond the longest delay: Infinity, and nothing charged, where the limit refuses; else just that delay. */
  #take({ key, rate, maxDelayMs, refuses }: Charge, nowMs: number): number {
    return this.#table.update(key, (columns) => {
      const arrival = Math.max(columns[0] ?? 0, nowMs) + rate.intervalMs;
      const delayMs = arrival - nowMs - rate.burst * rate.intervalMs;
      if (delayMs > maxDelayMs && refuses) return Infinity;
      columns[0] = Math.min(arrival, nowMs + rate.burst * rate.intervalMs + maxDelayMs);
      return Math.min(Math.max(delayMs, 0), maxDelayMs);
    });
  }

  #refund({ key, rate }: Charge): void {
    this.#table.update(key, (columns) => {
      columns[0] = Math.max((columns[0] ?? 0) - rate.intervalMs, 0);
    });
  }
}

interface Charge {
  readonly key: TableKey;
  readonly rate: Rate;
  readonly maxDelayMs: number;
  /** Whether it refuses beyond the longest delay. */
  readonly refuses: boolean;
}

/** Whether an attempt is none of a stranger's. */
export function isTrusted(attempt: Attempt): boolean {
  return attempt.isFamiliar || isLoopback(attempt.address);
}

/** The neighbourhood of an address, which stays the same when a phone or a line gets a new one: /24 and /48. */
export function neighbourhood(address: string): string {
  return networkOf(address, 24, 48);
}
