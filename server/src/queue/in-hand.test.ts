import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import { MemoryLog } from '../../test/support/log.ts';
import { openTestStore } from '../../test/support/store.ts';
import { InHand } from './in-hand.ts';
import { QUEUE_MUTATIONS } from './mutations.ts';

test('leases that cannot be lengthened are told of, so that nobody looks at them over and over', async () => {
  const place = await openTestStore({ mutations: QUEUE_MUTATIONS });
  using held = new InHand({ store: place.store, owner: 'test', clock: new FakeClock(), log: new MemoryLog() });
  held.add(['q', 0]);
  await held.renew();
  await place[Symbol.asyncDispose]();
  await assert.rejects(held.renew());
});
