import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowanceOf, limitText } from './allowance.ts';
import { DEFAULT_SENDING_LIMITS, HOUR_MS } from './settings.ts';
import { DAY_SLOTS, type SlotCount, SLOT_MS, slotOf, slotsOf } from './slots.ts';

const NOBODY = { recipientsPerHour: undefined, recipientsPerDay: undefined, findings: [], trustedUntilMs: 0 };
const NOW_MS = Date.UTC(2026, 10, 23, 12, 34);

test('an account that has sent nothing may send up to the smaller limit', () => {
  const { remaining, by, limit } = allowanceOf([], NOBODY, DEFAULT_SENDING_LIMITS, NOW_MS);
  deepEqual([remaining, by, limit], [500, 'hour', 500]);
});

test('the text names the limit and the time at which it goes on', () => {
  const allowance = allowanceOf([[slotOf(NOW_MS), 500]], NOBODY, DEFAULT_SENDING_LIMITS, NOW_MS);
  equal(limitText(allowance), 'Limit of 500 recipients an hour is reached; sending goes on at 2026-11-23 13:35 UTC');
});

test('what is said about when it goes on is true: then something is left, and just before nothing was', () => {
  const slots = fc.uniqueArray(fc.record({ ago: fc.nat({ max: DAY_SLOTS - 1 }), recipients: fc.integer({ min: 1, max: 1000 }) }), {
    selector: ({ ago }) => ago,
    maxLength: 40,
  });
  const limit = fc.nat({ max: 2000 });
  fc.assert(
    fc.property(slots, limit, limit, (sent, recipientsPerHour, recipientsPerDay) => {
      const limits = { ...DEFAULT_SENDING_LIMITS, recipientsPerHour, recipientsPerDay };
      const counts = sent.map(({ ago, recipients }): SlotCount => [slotOf(NOW_MS) - ago, recipients]).toSorted(([one], [other]) => one - other);
      const allowance = allowanceOf(counts, NOBODY, limits, NOW_MS);
      ok(allowance.remaining >= 0);
      if (allowance.remaining > 0) return;
      const later = (atMs: number): number => allowanceOf(counts, NOBODY, limits, atMs).remaining;
      ok(allowance.resumesAtMs > NOW_MS && allowance.resumesAtMs <= NOW_MS + DAY_SLOTS * SLOT_MS);
      equal(later(allowance.resumesAtMs - 1), 0, 'not before');
      const isDayReached = allowance.by === 'hour' && later(allowance.resumesAtMs) === 0;
      ok(later(allowance.resumesAtMs) > 0 || isDayReached, 'it goes on');
      match(limitText(allowance), /^[ -~]{1,200}$/);
    }),
  );
});

test('in no 60 minutes and in no 24 hours goes out more than the limit, however it is spread', () => {
  const limits = { ...DEFAULT_SENDING_LIMITS, recipientsPerHour: 20, recipientsPerDay: 50 };
  const pauses = fc.array(
    fc.record({ pauseMs: fc.oneof(fc.nat({ max: 10 * 60_000 }), fc.nat({ max: 8 * HOUR_MS })), wanted: fc.integer({ min: 1, max: 30 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(pauses, (tries) => {
      const sent: Array<{ readonly atMs: number; readonly recipients: number }> = [];
      const counts = new Map<number, number>();
      let nowMs = NOW_MS;
      for (const { pauseMs, wanted } of tries) {
        nowMs += pauseMs;
        const known = [...counts].toSorted(([one], [other]) => one - other);
        const recipients = Math.min(wanted, allowanceOf(known, NOBODY, limits, nowMs).remaining);
        counts.set(slotOf(nowMs), (counts.get(slotOf(nowMs)) ?? 0) + recipients);
        sent.push({ atMs: nowMs, recipients });
        for (const [windowMs, limit] of [
          [HOUR_MS, 20],
          [24 * HOUR_MS, 50],
        ] as const)
          ok(sent.reduce((sum, one) => (one.atMs > nowMs - windowMs ? sum + one.recipients : sum), 0) <= limit);
      }
    }),
  );
});

test('what was counted by the hour before there were slots counts as if it had come at its end', () => {
  deepEqual(slotsOf([10, 7, '{}']), [[131, 7]]);
  deepEqual(slotsOf([10, 7, '{"0":2,"3":1}']), [
    [120, 2],
    [123, 1],
    [131, 4],
  ]);
  deepEqual(slotsOf([10, 3, '{"0":2,"3":1}']), [
    [120, 2],
    [123, 1],
  ]);
});
