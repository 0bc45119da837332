import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MemoryLog } from '../../../test/support/log.ts';
import { openTestStore } from '../../../test/support/store.ts';
import { FakeClock } from '#core/clock.ts';
import { TRANSPORT_SECURITY_MUTATIONS } from './mutations.ts';
import type { ReportedPolicy, TlsFailure } from './result-types.ts';
import { listTlsDomains, readTlsResults, removeTlsResults, TlsResults } from './tls-results.ts';

const sts: ReportedPolicy = { type: 'sts', strings: ['version: STSv1', 'mode: testing'], mxHosts: ['*.peer.test'] };
const none: ReportedPolicy = { type: 'no-policy-found', strings: [], mxHosts: [] };
const expired: TlsFailure = { type: 'certificate-expired', receivingHost: 'mx.peer.test', receivingAddress: '192.0.2.1' };

suite('how sessions went', () => {
  test('is counted by day, domain, policy and ending, over several writings', async () => {
    await using house = await openTestStore({ mutations: TRANSPORT_SECURITY_MUTATIONS });
    const clock = new FakeClock(Date.UTC(2026, 10, 23, 23, 59));
    const { store } = house;
    const results = new TlsResults({ store, clock, log: new MemoryLog() });
    for (let n = 0; n < 3; n++) results.record({ domain: 'peer.test', policy: sts, failure: undefined });
    results.record({ domain: 'peer.test', policy: sts, failure: expired });
    results.record({ domain: 'other.test', policy: none, failure: undefined });
    await results.flush();
    results.record({ domain: 'peer.test', policy: sts, failure: expired });
    results.record({ domain: 'peer.test', policy: none, failure: undefined });
    clock.advance(60_000);
    results.record({ domain: 'peer.test', policy: sts, failure: undefined });
    await results[Symbol.asyncDispose]();

    assert.deepEqual(await store.query(listTlsDomains('2026-11-23', '', 10)), ['other.test', 'peer.test']);
    assert.deepEqual(await store.query(listTlsDomains('2026-11-23', 'other.test', 10)), ['peer.test']);
    const found = await store.query(readTlsResults('2026-11-23', 'peer.test'));
    assert.deepEqual(
      found.toSorted((a, b) => b.successes - a.successes).map(({ policy, successes, failures }) => ({ policy, successes, failures })),
      [
        { policy: sts, successes: 3, failures: [{ ...expired, sessions: 2 }] },
        { policy: none, successes: 1, failures: [] },
      ],
    );
    assert.equal((await store.query(readTlsResults('2026-11-24', 'peer.test')))[0]?.successes, 1);

    await store.commit(removeTlsResults, { day: '2026-11-23', domain: 'peer.test' });
    assert.deepEqual(await store.query(listTlsDomains('2026-11-23', '', 10)), ['other.test']);
    while ((await store.commit(removeTlsResults, { day: '2026-11-24' })) > 0);
    assert.deepEqual(await store.query(listTlsDomains('2026-11-23', '', 10)), []);
    assert.deepEqual(await store.query(listTlsDomains('2026-11-24', '', 10)), ['peer.test']);
  });

  test('stays within bounds whatever a domain does', async () => {
    await using house = await openTestStore({ mutations: TRANSPORT_SECURITY_MUTATIONS });
    const { store } = house;
    const results = new TlsResults({ store, clock: new FakeClock(), log: new MemoryLog() });
    const long: ReportedPolicy = {
      type: 'sts',
      strings: Array.from({ length: 1000 }, (_, n) => `mx: ${n}.peer.test`),
      mxHosts: Array.from({ length: 200 }, () => 'x'),
    };
    for (let n = 0; n < 300; n++) results.record({ domain: 'peer.test', policy: long, failure: { ...expired, reason: `${n}`.padEnd(5000, 'x') } });
    await results[Symbol.asyncDispose]();
    const [day] = await store.query(readTlsResults('2026-11-23', 'peer.test'));
    assert.ok((day?.policy.strings.join('').length ?? 0) <= 4096 && (day?.failures.length ?? 0) <= 101);
    assert.ok(day?.failures.every(({ reason = '' }) => reason.length <= 200));
    assert.equal(
      day?.failures.reduce((sum, { sessions }) => sum + sessions, 0),
      300,
    );
  });
});
