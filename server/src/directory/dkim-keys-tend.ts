/**
 * The rotation of DKIM keys in the background: domains without keys get some, old generations are followed by new ones, upcoming keys are looked for in the DNS and taken into use
 * when they have been there for long enough, retired ones are forgotten.
 */
import type { Clock } from '#core/clock.ts';
import type { Log } from '#log/log.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import type { Store } from '#store/store.ts';
import { domainsWithoutKeys, listDkimKeys, noteDkimKeys, pruneDkimKeys, switchDkimKeys } from './dkim-keys.ts';
import { makeDkimKeys } from './dkim-keys-make.ts';
import { publishedSelectors } from './dkim-keys-published.ts';
import { listDomains } from './domains.ts';

export interface DkimRotation {
  /** 0: new keys are made on request only. */
  readonly rotateAfterMs: number;
  /** How long records must have been seen before their keys are used. */
  readonly publishedForMs: number;
  /** How long retired keys stay published. */
  readonly keepRetiredMs: number;
}

export interface DkimTending {
  readonly store: Store;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
  readonly rotation: DkimRotation;
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 100;

/** Every domain without keys gets its first. */
export async function makeMissingKeys({ store, clock, signal }: Pick<DkimTending, 'store' | 'clock' | 'signal'>): Promise<void> {
  for (;;) {
    const missing = await store.query(domainsWithoutKeys(PAGE));
    for (const domain of missing) {
      if (signal?.aborted === true) return;
      await makeDkimKeys(store, { domain, as: 'first', nowMs: clock.nowMs() });
    }
    if (missing.length < PAGE) return;
  }
}

/** One round over all domains. */
export async function tendDkimKeys(tending: DkimTending): Promise<void> {
  await makeMissingKeys(tending);
  for (let after = ''; ; ) {
    const page = await tending.store.query(listDomains({ after, limit: PAGE }));
    for (const { domain } of page) {
      if (tending.signal?.aborted === true) return;
      await tendDomain(tending, domain);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.domain;
  }
}

async function tendDomain({ store, resolver, clock, log, rotation }: DkimTending, domain: string): Promise<void> {
  const keys = await store.query(listDkimKeys(domain));
  const nowMs = clock.nowMs();
  const upcoming = keys.filter(({ state }) => state === 'upcoming');
  if (upcoming.length > 0) {
    const selectors = await publishedSelectors(
      resolver,
      keys.filter(({ state }) => state !== 'retired'),
    );
    if (selectors === undefined) return;
    await store.commit(noteDkimKeys, { domain, selectors, nowMs });
    const isReady = (await store.query(listDkimKeys(domain)))
      .filter(({ state }) => state === 'upcoming')
      .every(({ publishedAtMs }) => publishedAtMs !== undefined && publishedAtMs <= nowMs - rotation.publishedForMs);
    if (isReady && (await store.commit(switchDkimKeys, { domain, nowMs })) > 0)
      log.info('dkim.switched', { domain, selectors: upcoming.map(({ selector }) => selector).join(' ') });
  } else if (rotation.rotateAfterMs > 0 && keys.every(({ state, createdAtMs }) => state === 'retired' || createdAtMs <= nowMs - rotation.rotateAfterMs)) {
    if (await makeDkimKeys(store, { domain, as: 'next', nowMs })) log.info('dkim.made', { domain });
  }
  if (keys.some(({ retiredAtMs }) => retiredAtMs !== undefined)) await store.commit(pruneDkimKeys, { domain, beforeMs: nowMs - rotation.keepRetiredMs });
}
