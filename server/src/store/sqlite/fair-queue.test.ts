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

test('a key may have a larger share of each turn', () => {
  const queue = new FairQueue<string>((key) => (key === 0 ? 3 : 1));
  for (let i = 1; i <= 4; i++) for (const key of [1, 0]) queue.push(key, `${key}${i}`);
  assert.deepEqual(queue.take(6), ['11', '01', '02', '03', '12', '04']);
  assert.deepEqual(queue.take(6), ['13', '14']);
});

test('what is put back comes first, in its order', () => {
  const queue = new FairQueue<string>();
  for (let i = 1; i <= 3; i++) for (const key of [1, 2, 3]) queue.push(key, `${key}${i}`);
  const taken = queue.take(5);
  assert.deepEqual(taken, ['11', '21', '31', '12', '22']);
  queue.putBack(taken.slice(1).map((item) => [Number(item[0]), item]));
  queue.push(4, '41');
  assert.equal(queue.size, 9);
  assert.deepEqual(queue.take(20), ['21', '31', '12', '41', '22', '32', '13', '23', '33']);
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
