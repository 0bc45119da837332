import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Conversions } from './conversions.ts';

const MIB = 2 ** 20;

test('what does not fit waits until there is room, in its order, and begins at once then', async () => {
  const conversions = new Conversions({ large: 100 * MIB, small: 8 * MIB, patienceMs: 60_000 });
  const begun: string[] = [];
  const take = async (name: string, sizeBytes: number): Promise<Disposable | undefined> => {
    const room = await conversions.room(sizeBytes);
    begun.push(name);
    return room;
  };
  const first = await take('first', 20 * MIB);
  const second = take('second', 20 * MIB);
  const third = take('third', 2 * MIB);
  await turn();
  deepEqual(begun, ['first'], 'the third does not pass the second by');
  const small = await take('small', MIB);
  deepEqual(begun, ['first', 'small'], 'small ones have room of their own');
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  const [room] = await Promise.all([second, third]);
  deepEqual(begun, ['first', 'small', 'second', 'third']);
  const fourth = take('fourth', 20 * MIB);
  await turn();
  equal(begun.length, 4, 'what was given back twice counts once');
  room?.[Symbol.dispose]();
  ok(await fourth);
  small?.[Symbol.dispose]();
});

test('who gets no room in time gets none, and holds up nobody behind', async () => {
  const conversions = new Conversions({ large: 100 * MIB, small: 8 * MIB, patienceMs: 20 });
  const held = await conversions.room(20 * MIB);
  const [large, behind] = await Promise.all([conversions.room(24 * MIB), conversions.room(4 * MIB)]);
  equal(large, undefined);
  ok(behind !== undefined || held !== undefined);
  held?.[Symbol.dispose]();
  behind?.[Symbol.dispose]();
  // Larger than all the room there is: then all of it.
  const whole = await conversions.room(400 * MIB);
  ok(whole);
  equal(await conversions.room(2 * MIB), undefined);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
