/** Logins of accounts, remembered for a moment: for routes that name an account, asked for once in a while and not for each message. */
import type { AccountId } from '#core/ids.ts';
import type { QueueServices } from './settings.ts';

const MEMORY_MS = 60_000;
const MOST = 10_000;

export class LoginMemory {
  readonly #services: Pick<QueueServices, 'loginOf' | 'clock'>;
  readonly #logins = new Map<AccountId, { readonly login: string | undefined; readonly untilMs: number }>();

  constructor(services: Pick<QueueServices, 'loginOf' | 'clock'>) {
    this.#services = services;
  }

  /** Makes sure that `get` knows these. */
  async learn(accounts: ReadonlyArray<AccountId | undefined>): Promise<void> {
    const { loginOf, clock } = this.#services;
    if (!loginOf) return;
    const nowMs = clock.nowMs();
    for (const account of new Set(accounts)) {
      if (account === undefined || (this.#logins.get(account)?.untilMs ?? 0) > nowMs) continue;
      if (this.#logins.size >= MOST) this.#logins.clear();
      this.#logins.set(account, { login: await loginOf(account), untilMs: nowMs + MEMORY_MS });
    }
  }

  get(account: AccountId): string | undefined {
    return this.#logins.get(account)?.login;
  }
}
