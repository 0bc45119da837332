/** The recipients that this scheduler holds leases for: kept alive while the work goes on. */
import type { Log } from '#log/log.ts';
import { type RecipientKey, renew } from './leases.ts';
import type { QueueServices } from './settings.ts';

export const LEASE_MS: number = 30 * 60_000;
const RENEW_EVERY_MS = 10 * 60_000;
const AT_ONCE = 500;

export class InHand implements Disposable {
  readonly #services: Pick<QueueServices, 'store' | 'owner' | 'clock'> & { readonly log: Log };
  readonly #keys = new Map<string, RecipientKey>();
  readonly #timer: NodeJS.Timeout;
  #onEmpty: (() => void) | undefined;

  constructor(services: Pick<QueueServices, 'store' | 'owner' | 'clock' | 'log'>) {
    this.#services = services;
    const { log } = services;
    this.#timer = setInterval(() => {
      this.renew().catch((error: unknown) => log.error('queue.failed', error));
    }, RENEW_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: RecipientKey): boolean {
    return this.#keys.has(keyText(key));
  }

  add(key: RecipientKey): void {
    this.#keys.set(keyText(key), key);
  }

  remove(key: RecipientKey): void {
    this.#keys.delete(keyText(key));
    if (this.#keys.size === 0) this.#onEmpty?.();
  }

  /** Lengthens all leases. Throws what the store throws: whoever goes on regardless would find the same leases over again at once. */
  async renew(): Promise<void> {
    const { store, owner, clock } = this.#services;
    const keys = [...this.#keys.values()];
    for (let first = 0; first < keys.length; first += AT_ONCE)
      await store.commit(renew, { owner, untilMs: clock.nowMs() + LEASE_MS, keys: keys.slice(first, first + AT_ONCE) });
  }

  /** Resolves when nothing is held, at the latest after `ms`. */
  empty(ms: number): Promise<void> {
    if (this.#keys.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function keyText([queueId, n]: RecipientKey): string {
  return `${queueId}/${n}`;
}
