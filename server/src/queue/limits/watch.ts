/**
 * Looks at accounts whose counts have grown (suspects.ts), and puts those on hold whose sending is alarming. One look a second at most, however much is sent. Run it
 * in one thread.
 *
 * docs/sending-limits.md
 */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { findAccount } from '#directory/accounts.ts';
import { resolveBarePostmaster } from '#directory/resolve.ts';
import type { Log } from '#log/log.ts';
import type { Store } from '#store/store.ts';
import { listAccountHolds, readAccountHold } from '../hold.ts';
import { readAccountSending } from './account-limits.ts';
import { finishRelease, holdSending, holdWaiting, readReleasing } from './hold.ts';
import { writeHoldNotices } from './hold-notices.ts';
import { holdReason } from './hold-text.ts';
import { isAlarming, scoreSending } from './score.ts';
import type { SendingLimits } from './settings.ts';
import { readSignals } from './signals.ts';
import { clearSuspects, readSuspects } from './suspects.ts';

export interface WatchServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: SendingLimits;
  /** Mails come from postmaster@ here. */
  readonly domain: string;
  /** From one look to the next at least this long; a second where nothing is said. */
  readonly paceMs?: number;
}

const PACE_MS = 1000;
const AFTER_ERROR_MS = 10_000;
/** Accounts in one round, and holds in one page. */
const PAGE = 100;

export class SendingWatch implements AsyncDisposable {
  readonly #services: WatchServices;
  readonly #subscription: Disposable;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isNoted = true;
  #hasResumed = false;
  #isStopping = false;

  /** Begins to work at once. */
  constructor(services: WatchServices) {
    this.#services = services;
    this.#subscription = services.store.onNotify('suspects', () => {
      this.#isNoted = true;
      this.#begin();
    });
    this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#subscription[Symbol.dispose]();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #begin(): void {
    if (this.#running !== undefined || this.#timer !== undefined || this.#isStopping) return;
    this.#running = this.#round().then((pauseMs) => {
      this.#running = undefined;
      if (this.#isStopping) return;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#isNoted) this.#begin();
      }, pauseMs);
      this.#timer.unref();
    });
  }

  /** Looks once; how long to rest. Never throws. */
  async #round(): Promise<number> {
    this.#isNoted = false;
    const { store, log } = this.#services;
    try {
      if (!this.#hasResumed) await this.#resume();
      this.#hasResumed = true;
      const suspects = await store.query(readSuspects(PAGE));
      for (const [account] of suspects) await this.#look(account);
      if (suspects.length > 0) await store.commit(clearSuspects, { suspects });
      if (suspects.length === PAGE) this.#isNoted = true;
      return this.#services.paceMs ?? PACE_MS;
    } catch (error) {
      this.#isNoted = true;
      // A hold may be written and not yet spread to all that waits.
      this.#hasResumed = false;
      if (!this.#isStopping) log.error('server.job.failed', error, { job: 'sending watch' });
      return AFTER_ERROR_MS;
    }
  }

  /** Ends what an earlier life had begun. */
  async #resume(): Promise<void> {
    const { store, clock } = this.#services;
    for (;;) {
      const releasing = await store.query(readReleasing(PAGE));
      for (const [account] of releasing) await finishRelease(store, { account, actor: 'administrator', nowMs: clock.nowMs() });
      if (releasing.length < PAGE) break;
    }
    for (let after = 0; ; ) {
      const holds = await store.query(listAccountHolds(after, PAGE));
      for (const { account, reason } of holds) await holdWaiting(store, { account, reason, nowMs: clock.nowMs() });
      const last = holds.at(-1);
      if (last === undefined || holds.length < PAGE) return;
      after = last.account;
    }
  }

  async #look(account: AccountId): Promise<void> {
    const { store, clock, log, limits, domain } = this.#services;
    const nowMs = clock.nowMs();
    const score = scoreSending(await store.query(readSignals(account, nowMs)), limits.hold);
    if (!isAlarming(score, limits.hold)) return;
    const info = await store.query(findAccount(account));
    const isHeld = (await store.query(readAccountHold(account))) !== undefined;
    const { trustedUntilMs } = await store.query(readAccountSending(account));
    if (info === undefined || isHeld || trustedUntilMs > nowMs) return;
    const postmaster = await store.query(resolveBarePostmaster());
    const administrator = postmaster && (await store.query(findAccount(postmaster.account)));
    const { findings, points } = score;
    const written = writeHoldNotices({ account: info, administrator, facts: { findings, onHold: limits.onHold }, domain, nowMs });
    const reason = holdReason(findings);
    const args = { account, reason, findings, id: newReceiptId(nowMs), notices: written.map(({ notice }) => notice), nowMs };
    const isNew = await store.commit(
      holdSending,
      args,
      written.map(({ bytes }) => ({ bytes })),
    );
    if (!isNew) return;
    const recipients = await holdWaiting(store, args);
    log.warn('sending.held', { login: info.login, points, reason, waiting: recipients });
  }
}
