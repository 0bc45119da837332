import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldMemory, type Holder } from './held-memory.ts';

test('the message that has waited longest gives up its place, one that is at work never does', () => {
  const memory = new HeldMemory(100);
  const gone: string[] = [];
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name): Holder => ({ giveUp: () => gone.push(name) })) as [Holder, Holder, Holder, Holder];
  for (const holder of [a, b, c]) {
    memory.hold(holder, 30);
    memory.wait(holder);
  }
  // Something comes for the first: it is the last to go now.
  memory.hold(a, 30);
  memory.wait(a);
  memory.hold(d, 30);
  deepEqual(gone, ['b']);
  memory.hold(c, 30);
  memory.hold(d, 70);
  deepEqual(gone, ['b', 'a']);
  throws(() => memory.hold(d, 71), { code: 452, enhanced: '4.3.1' });
  equal(memory.totalBytes, 100);
  memory.release(c);
  memory.release(d);
  equal(memory.totalBytes, 0);
});

test('whatever comes and goes, no more is held than is allowed', () => {
  const step = fc.tuple(fc.nat(7), fc.constantFrom('hold', 'wait', 'release'), fc.nat(60));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const memory = new HeldMemory(100);
      const held = new Map<Holder, number>();
      const holders = Array.from({ length: 8 }, (): Holder => {
        const holder = { giveUp: () => void held.delete(holder) };
        return holder;
      });
      for (const [index, action, bytes] of steps) {
        const holder = holders[index] as Holder;
        if (action === 'release') {
          memory.release(holder);
          held.delete(holder);
        } else if (action === 'wait') memory.wait(holder);
        else {
          try {
            memory.hold(holder, bytes);
            held.set(holder, bytes);
          } catch {
            // It holds what it did.
          }
        }
        const total = [...held.values()].reduce((sum, one) => sum + one, 0);
        equal(memory.totalBytes, total);
        equal(total <= 100, true);
      }
    }),
  );
});
