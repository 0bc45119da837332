import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rush } from './rush.ts';

/** The pauses that a rush makes while so many commits come in each. */
async function pauses(commits: readonly number[]): Promise<number> {
  let count = 0;
  const rush: Rush = new Rush(() => {
    for (let n = 0; n < (commits[count] ?? 0); n++) rush.note();
    count++;
    return Promise.resolve();
  });
  await rush.pass();
  return count;
}

test('without a rush the queue pauses once', async () => {
  assert.equal(await pauses([]), 1);
  assert.equal(await pauses([3, 100]), 1);
});

test('a rush is waited out, and no longer than two seconds', async () => {
  assert.equal(await pauses([10, 10, 10, 1]), 4);
  assert.equal(await pauses(Array.from({ length: 1000 }, () => 50)), 80);
});
