import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Pace } from './pace.ts';

suite('the pace of a destination', () => {
  test('is what the settings say as long as nobody complains', () => {
    const pace = new Pace({ connections: 5, intervalMs: 0 });
    for (let n = 0; n < 100; n++) {
      pace.began(n);
      pace.took(n);
    }
    assert.deepEqual([pace.connections, pace.intervalMs, pace.waitMs(100), pace.isSlowed], [5, 0, 0, false]);
  });

  test('halves its connections and doubles its pause with each push, and recovers step by step', () => {
    const pace = new Pace({ connections: 8, intervalMs: 0 });
    const seen: Array<readonly [number, number]> = [];
    for (let n = 1; n <= 5; n++) {
      pace.pushedBack(n * 1000, n * 1000);
      seen.push([pace.connections, pace.intervalMs]);
    }
    assert.deepEqual(seen, [
      [4, 1000],
      [2, 2000],
      [1, 4000],
      [1, 8000],
      [1, 16_000],
    ]);
    assert.equal(pace.waitMs(6000), 15_000);
    let taken = 0;
    for (; pace.isSlowed; taken++) pace.took(10_000);
    assert.equal(taken, 70);
    assert.deepEqual([pace.connections, pace.intervalMs], [8, 0]);
  });

  test('counts answers to what had begun together as one push', () => {
    const pace = new Pace({ connections: 8, intervalMs: 0 });
    for (const answeredAtMs of [2000, 2001, 2002]) pace.pushedBack(1000, answeredAtMs);
    assert.deepEqual([pace.connections, pace.intervalMs], [4, 1000]);
  });

  test('stays within its bounds whatever comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.array(fc.tuple(fc.constantFrom('took', 'pushed'), fc.nat(5000))),
        (connections, intervalMs, events) => {
          const pace = new Pace({ connections, intervalMs });
          let nowMs = 0;
          for (const [event, passedMs] of events) {
            nowMs += passedMs;
            if (event === 'took') pace.took(nowMs);
            else pace.pushedBack(nowMs, nowMs);
            assert.ok(pace.connections >= 1 && pace.connections <= connections);
            assert.ok(pace.intervalMs >= intervalMs && pace.intervalMs <= Math.max(intervalMs, 300_000));
            assert.ok(pace.waitMs(nowMs) <= pace.intervalMs);
          }
        },
      ),
    );
  });
});
