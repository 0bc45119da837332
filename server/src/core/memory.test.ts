import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Memory } from './memory.ts';

test('a question is asked once, until something changes', async () => {
  const memory = new Memory<string, number | undefined>(10);
  let asked = 0;
  const ask = (): Promise<number | undefined> => Promise.resolve(asked++ === 0 ? undefined : asked);
  deepEqual([await memory.of('a', ask), await memory.of('a', ask), asked], [undefined, undefined, 1]);
  memory.forget();
  deepEqual([await memory.of('a', ask), await memory.of('a', ask), asked], [2, 2, 2]);
});

test('an answer that was on its way when something changed is given and not kept', async () => {
  const memory = new Memory<string, string>(10);
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = memory.of('a', () => promise);
  memory.forget();
  resolve('old');
  equal(await first, 'old');
  equal(await memory.of('a', () => Promise.resolve('new')), 'new');
});

test('what is not to be kept is asked for again, and so is everything when there is too much', async () => {
  const memory = new Memory<number, number>(2);
  let asked = 0;
  const ask = (): Promise<number> => Promise.resolve(++asked);
  for (let n = 0; n < 2; n++) await memory.of(1, ask, (answer) => answer > 1);
  equal(asked, 2);
  await memory.of(2, ask);
  await memory.of(3, ask);
  equal(await memory.of(3, ask), 4);
  await memory.of(1, ask);
  equal(asked, 5);
});
