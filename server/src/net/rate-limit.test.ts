import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import { countTable, RateLimiter, rateTable, SharedCounts } from './rate-limit.ts';

suite('a rate limit', () => {
  test('allows a burst and then one at each interval', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ burst: 3, intervalMs: 1000 }, clock);
    assert.deepEqual([limiter.take('a'), limiter.take('a'), limiter.take('a'), limiter.take('a')], [true, true, true, false]);
    assert.equal(limiter.waitMs('a'), 1000);
    clock.advance(1000);
    assert.deepEqual([limiter.take('a'), limiter.take('a')], [true, false]);
    clock.advance(10_000);
    assert.deepEqual([limiter.take('a'), limiter.take('a'), limiter.take('a'), limiter.take('a')], [true, true, true, false]);
  });

  test('keeps keys apart, also when very many have called', () => {
    const limiter = new RateLimiter({ burst: 2, intervalMs: 1000 }, new FakeClock());
    for (let key = 0; key < 3000; key++) limiter.charge(`192.0.2.${key}`);
    let refused = 0;
    for (let key = 0; key < 1000; key++) if (!limiter.take(`198.51.100.${key}`)) refused++;
    assert.ok(refused <= 20, `${refused} of 1000 strangers were refused`);
  });

  test('is common to all who share its table, and can be forgiven', () => {
    const clock = new FakeClock();
    const table = rateTable();
    const rate = { burst: 1, intervalMs: 1000 };
    assert.equal(new RateLimiter(rate, clock, table).take('a'), true);
    const other = new RateLimiter(rate, clock, table);
    assert.equal(other.take('a'), false);
    other.forgive('a');
    assert.equal(other.take('a'), true);
  });

  test('forgets in the course of months', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ burst: 1, intervalMs: 60_000 }, clock);
    for (let day = 0; day < 400; day++) {
      assert.equal(limiter.take('a'), true, `day ${day}`);
      clock.advance(24 * 3600 * 1000);
    }
  });
});

test('counts are common to threads, and a dead thread takes its part away', () => {
  const table = countTable(2);
  const first = new SharedCounts(table, 0);
  const second = new SharedCounts(table, 1);
  first.add('a', 1);
  second.add('a', 1);
  second.add('b', 1);
  assert.deepEqual([first.of('a'), first.of('b'), first.total], [2, 1, 3]);
  second.clearOwn();
  assert.deepEqual([first.of('a'), first.of('b'), first.total], [1, 0, 1]);
});
