import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import { AnswerCache } from './answer-cache.ts';

test('an answer is remembered as long as it says, and the least used go first', () => {
  const clock = new FakeClock();
  const cache = new AnswerCache<string>(clock, { entries: 2, octets: 1000 });
  cache.set('a', 'A', 10, 1);
  cache.set('b', 'B', 20, 1);
  assert.equal(cache.get('a'), 'A');
  cache.set('c', 'C', 20, 1);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], ['A', undefined, 'C']);
  clock.advance(10_000);
  assert.deepEqual([cache.get('a'), cache.get('c')], [undefined, 'C']);
  cache.set('d', 'D', 0, 1);
  assert.equal(cache.get('d'), undefined);
});

test('what is remembered stays within its octets', () => {
  const cache = new AnswerCache<string>(new FakeClock(), { entries: 10_000, octets: 1000 });
  for (let index = 0; index < 1000; index++) cache.set(`k${index}`, 'x', 60, 10);
  const kept = Array.from({ length: 1000 }, (_, index) => cache.get(`k${index}`)).filter((value) => value !== undefined).length;
  assert.equal(kept, 100);
  cache.set('large', 'x', 60, 11);
  assert.equal(cache.get('large'), undefined);
  for (let round = 0; round < 200; round++) cache.set('same', 'x', 60, 10);
  assert.equal(cache.get('k999'), 'x');
});
