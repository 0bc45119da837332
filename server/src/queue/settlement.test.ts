import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../../test/support/queue-house.ts';
import { claim } from './leases.ts';
import { readQueued } from './queue-rows.ts';
import type { Settled } from './settle.ts';
import { Settlement } from './settlement.ts';
import { DEFAULT_QUEUE_SETTINGS } from './settings.ts';
import { MemoryLog } from '../../test/support/log.ts';

test('a delivery is written down although its trail cannot be', async () => {
  await using house = await openHouse({ isIdle: true });
  const { store, clock } = house;
  const queueId = await house.send({ to: ['a@one.test'] });
  const nowMs = clock.nowMs();
  await store.commit(claim, { owner: 'test', nowMs, untilMs: nowMs + 1000, claim: [[queueId, 0]], postpone: [] });
  const settled: Settled[] = [];
  const log = new MemoryLog();
  const settlement = new Settlement(
    {
      store,
      clock,
      log,
      owner: 'test',
      settings: { ...DEFAULT_QUEUE_SETTINGS, hostname: 'mail.here.test', domain: 'here.test' },
      transport: { connect: () => Promise.reject(new Error('nobody is asked')) },
      isLocalDomain: () => Promise.resolve(false),
      resolveLocal: () => Promise.resolve(undefined),
    },
    (results) => settled.push(...results),
  );
  // JSON has no such number.
  const details = { size: 1n } as unknown as Record<string, never>;
  settlement.add({
    results: [{ kind: 'done', queueId, n: 0 }],
    trail: [{ event: 'delivered', atMs: nowMs, queueId, recipients: [{ address: 'a@one.test' }], details }],
  });
  await settlement.stop();
  assert.equal(await store.query(readQueued(queueId)), undefined);
  assert.equal(settled.length, 1);
});
