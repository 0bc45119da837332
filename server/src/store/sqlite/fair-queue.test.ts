import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.ts';

test('each key has its turn', () => {
  const queue = new FairQueue<string>();
  for (let i = 1; i <= 4; i++) queue.push(1, `a${i}`);
  queue.push(2, 'b1');
  assert.deepEqual(queue.take(3), ['a1', 'b1', 'a2']);
  queue.push(3, 'c1');
  queue.push(2, 'b2');
  assert.deepEqual(queue.take(10), ['a3', 'c1', 'b2', 'a4']);
  assert.equal(queue.size, 0);
});

test('nothing is lost and the order within a key is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 0, max: 3 })), { maxLength: 400 }), (steps) => {
      const queue = new FairQueue<readonly [number, number]>();
      const out: (readonly [number, number])[] = [];
      let next = 0;
      for (const [key, take] of steps) {
        queue.push(key, [key, next++]);
        out.push(...queue.take(take));
      }
      out.push(...queue.take(1000));
      assert.equal(out.length, steps.length);
      for (let key = 0; key <= 4; key++) {
        const own = out.filter(([of]) => of === key).map(([, n]) => n);
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        );
      }
    }),
  );
});
