/**
 * The MTA-STS policies of the domains that we send to: looked up when mail goes there, kept for as long as they say, and fetched anew before they end.
 *
 * A policy that is kept holds whatever the DNS says or does not say meanwhile: who could take the record away could otherwise take the protection away.
 * Without one, a fetch that fails means that there is none (RFC 8461 §3.3). Mail does not wait long for a fetch: what comes later is for the next message (§5.1 lets it
 * be fetched without blocking delivery at all; then the first message to a domain would never be protected).
 *
 * RFC 8461 §3.1, §3.3, §5, §10.2
 */
import type { Clock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import type { Log } from '#log/log.ts';
import { DnsError } from '#net/dns/resolver.ts';
import type { Store } from '#store/store.ts';
import { fetchStsPolicy, PolicyError, type PolicyFetcher } from './fetch-policy.ts';
import { forgetExpiredPolicies, keepPolicy, type KeptPolicy, readPoliciesToRefresh, readPolicy } from './policy-rows.ts';
import { readStsRecord } from './sts-record.ts';

export interface StsPolicyServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetcher: PolicyFetcher;
  /** How long mail waits for a policy; 15 seconds if nothing is said. */
  readonly longestWaitMs?: number | undefined;
}

export interface FoundPolicy {
  /** Undefined: the domain has none, or none that could be had. */
  readonly policy: KeptPolicy | undefined;
  /** The domain says that it has one, and it could not be fetched now: for reports. */
  readonly failure: PolicyError | undefined;
}

const NONE: FoundPolicy = { policy: undefined, failure: undefined };
const DAY_MS = 24 * 3600_000;
/** A domain whose policy could not be had is not asked again before (RFC 8461 §3.3: "at least five minutes"). */
const AFTER_FAILURE_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 15_000;
const REFRESH_EVERY_MS = 3600_000;
const REFRESH_AT_ONCE = 20;
/** Nobody has sent there for so long that the policy is left to end. */
const UNUSED_MS = 30 * DAY_MS;
const REMEMBERED = 5000;

interface Failure {
  readonly untilMs: number;
  readonly id: string;
  readonly error: PolicyError;
}

export class StsPolicies implements AsyncDisposable {
  readonly #services: StsPolicyServices;
  readonly #known = new Map<string, KeptPolicy>();
  readonly #failures = new Map<string, Failure>();
  readonly #fetching = new Map<string, Promise<FoundPolicy>>();
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #refreshing: Promise<void> | undefined;

  /** Looks after what is kept once an hour. */
  constructor(services: StsPolicyServices) {
    this.#services = services;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_EVERY_MS);
    this.#timer.unref();
  }

  /** The policy that holds for mail to a domain now. Throws nothing but what the store throws. */
  async policyFor(domain: string): Promise<FoundPolicy> {
    const { clock } = this.#services;
    const [stored, id] = await Promise.all([this.#kept(domain), this.#announced(domain)]);
    // A fetch may have ended meanwhile.
    const kept = this.#known.get(domain) ?? stored;
    const nowMs = clock.nowMs();
    const valid = kept && kept.expiresAtMs > nowMs ? kept : undefined;
    if (id === undefined || (valid && valid.id === id)) return valid ? { policy: await this.#used(valid, nowMs), failure: undefined } : NONE;
    const failure = this.#failures.get(domain);
    if (failure && failure.id === id && failure.untilMs > nowMs) return { policy: valid, failure: failure.error };
    return await this.#fetchInTime(domain, id, valid);
  }

  /** Fetches anew what will end, and forgets what has. Throws nothing. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('the server stops'));
    await this.#refreshing;
    await Promise.allSettled(this.#fetching.values());
  }

  async #kept(domain: string): Promise<KeptPolicy | undefined> {
    return this.#known.get(domain) ?? this.#remember(await this.#services.store.query(readPolicy(domain)));
  }

  #remember(policy: KeptPolicy | undefined): KeptPolicy | undefined {
    if (!policy) return undefined;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(policy.domain, policy);
    return policy;
  }

  /** The id in the DNS; undefined where there is none or it cannot be found out. */
  async #announced(domain: string): Promise<string | undefined> {
    try {
      const { records } = await this.#services.fetcher.resolver.resolveTxt(`_mta-sts.${domain}`);
      return readStsRecord(records);
    } catch (error) {
      if (error instanceof DnsError) return undefined;
      throw error;
    }
  }

  #fetch(domain: string, id: string, valid: KeptPolicy | undefined): Promise<FoundPolicy> {
    const running = this.#fetching.get(domain);
    if (running) return running;
    const fetching = this.#fetchNow(domain, id, valid).finally(() => this.#fetching.delete(domain));
    this.#fetching.set(domain, fetching);
    return fetching;
  }

  /** What is not there in time is none for now, and nobody waits for it again for a while; the fetch goes on. */
  async #fetchInTime(domain: string, id: string, valid: KeptPolicy | undefined): Promise<FoundPolicy> {
    const { clock, log, longestWaitMs = LONGEST_WAIT_MS } = this.#services;
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), longestWaitMs);
    const found = await Promise.race([this.#fetch(domain, id, valid), late.promise]).finally(() => clearTimeout(timer));
    if (found) return found;
    const error = new PolicyError('sts-policy-fetch-error', `mta-sts.${domain}: no policy within ${Math.ceil(longestWaitMs / 1000)} s`);
    this.#failed(domain, { id, error, untilMs: clock.nowMs() + AFTER_FAILURE_MS });
    log.info('queue.policy.failed', { domain, reason: error.message });
    return { policy: valid, failure: error };
  }

  #failed(domain: string, failure: Failure): void {
    if (this.#failures.size >= REMEMBERED) this.#failures.clear();
    this.#failures.set(domain, failure);
  }

  async #fetchNow(domain: string, id: string, valid: KeptPolicy | undefined): Promise<FoundPolicy> {
    const { clock, log, fetcher } = this.#services;
    try {
      const { mode, mx, lines, maxAgeS } = await fetchStsPolicy(fetcher, domain, this.#abort.signal);
      const nowMs = clock.nowMs();
      const ageMs = maxAgeS * 1000;
      const policy = {
        domain,
        id,
        mode,
        mx,
        lines,
        fetchedAtMs: nowMs,
        expiresAtMs: nowMs + ageMs,
        refreshAtMs: nowMs + Math.min(DAY_MS, ageMs / 2),
        usedAtMs: nowMs,
      };
      this.#failures.delete(domain);
      this.#remember(policy);
      await this.#keep(policy);
      return { policy, failure: undefined };
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      this.#failed(domain, { id, error, untilMs: clock.nowMs() + AFTER_FAILURE_MS });
      log.info('queue.policy.failed', { domain, reason: error.message });
      return { policy: valid, failure: error };
    }
  }

  /** Notes that the policy is needed, once a day. */
  async #used(policy: KeptPolicy, nowMs: number): Promise<KeptPolicy> {
    if (nowMs - policy.usedAtMs < DAY_MS) return policy;
    const used = { ...policy, usedAtMs: nowMs };
    this.#remember(used);
    await this.#keep(used);
    return used;
  }

  /** What the store cannot take just now is known to this process all the same. */
  async #keep(policy: KeptPolicy): Promise<void> {
    try {
      await this.#services.store.commit(keepPolicy, policy);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#services.log.error('queue.failed', error);
    }
  }

  async #refreshAll(): Promise<void> {
    const { store, clock, log } = this.#services;
    try {
      const nowMs = clock.nowMs();
      while ((await store.commit(forgetExpiredPolicies, { nowMs, limit: 200 })) === 200 && !this.#abort.signal.aborted);
      for (const [domain, policy] of this.#known) if (policy.expiresAtMs <= nowMs) this.#known.delete(domain);
      for (;;) {
        const due = await store.query(readPoliciesToRefresh(nowMs, REFRESH_AT_ONCE));
        if (due.length === 0 || this.#abort.signal.aborted) return;
        await Promise.all(due.map((policy) => this.#refreshOne(policy, nowMs)));
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) log.error('queue.failed', error);
    }
  }

  /** Always moves `refreshAtMs` on, so that none is looked at twice in one round. */
  async #refreshOne(policy: KeptPolicy, nowMs: number): Promise<void> {
    const id = await this.#announced(policy.domain);
    const isUnused = nowMs - policy.usedAtMs > UNUSED_MS;
    if (id !== undefined && !isUnused) {
      const { failure, policy: fetched } = await this.#fetch(policy.domain, id, policy);
      if (!failure && fetched) {
        // Who fetched it is not who needs it.
        const next = { ...fetched, usedAtMs: policy.usedAtMs };
        this.#remember(next);
        await this.#services.store.commit(keepPolicy, next);
        return;
      }
    }
    const next = { ...policy, refreshAtMs: isUnused ? policy.expiresAtMs : nowMs + Math.max(REFRESH_EVERY_MS, 1) };
    this.#remember(next);
    await this.#services.store.commit(keepPolicy, next);
  }
}
