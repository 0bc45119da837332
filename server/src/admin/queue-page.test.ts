import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../../test/support/queue-house.ts';
import { readPage } from './queue-page.ts';

test('whoever looks for what is not there lets others have their turn between the looks', async () => {
  await using house = await openHouse({ isIdle: true });
  for (let n = 0; n < 1100; n++) await house.send({ to: ['r@far.test'] });
  let looks = 0;
  let turns = 0;
  const query: typeof house.store.query = (program) => {
    looks++;
    return house.store.query(program);
  };
  let turn = setImmediate(function count(): void {
    turns++;
    turn = setImmediate(count);
  });
  assert.deepEqual(await readPage({ query }, { sender: 'nobody@here.test' }, {}), { queued: [], next: null });
  clearImmediate(turn);
  assert.equal(looks, 3);
  assert.ok(turns >= looks, `${turns} turns`);
});
