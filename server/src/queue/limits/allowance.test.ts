import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowanceOf, type HourCount, limitText } from './allowance.ts';
import { DEFAULT_SENDING_LIMITS, HOUR_MS, hourOf } from './settings.ts';

const NOBODY = { recipientsPerHour: undefined, recipientsPerDay: undefined, findings: [], trustedUntilMs: 0 };
const NOW_MS = Date.UTC(2026, 10, 23, 12, 34);

test('an account that has sent nothing may send up to the smaller limit', () => {
  const { remaining, by, limit } = allowanceOf([], NOBODY, DEFAULT_SENDING_LIMITS, NOW_MS);
  deepEqual([remaining, by, limit], [500, 'hour', 500]);
});

test('the text names the limit and the time at which it goes on', () => {
  const allowance = allowanceOf([[hourOf(NOW_MS), 500]], NOBODY, DEFAULT_SENDING_LIMITS, NOW_MS);
  equal(limitText(allowance), 'Limit of 500 recipients an hour is reached; sending goes on at 2026-11-23 13:00 UTC');
});

test('what is said about when it goes on is true: then something is left, and an hour earlier nothing was', () => {
  const hours = fc.uniqueArray(fc.record({ ago: fc.nat({ max: 23 }), recipients: fc.nat({ max: 1000 }) }), { selector: ({ ago }) => ago, maxLength: 24 });
  const limit = fc.nat({ max: 2000 });
  fc.assert(
    fc.property(hours, limit, limit, (sent, recipientsPerHour, recipientsPerDay) => {
      const limits = { ...DEFAULT_SENDING_LIMITS, recipientsPerHour, recipientsPerDay };
      const counts = sent.map(({ ago, recipients }): HourCount => [hourOf(NOW_MS) - ago, recipients]).toSorted(([one], [other]) => one - other);
      const allowance = allowanceOf(counts, NOBODY, limits, NOW_MS);
      ok(allowance.remaining >= 0);
      if (allowance.remaining > 0) return;
      const later = (atMs: number): number =>
        allowanceOf(
          counts.filter(([hour]) => hour > hourOf(atMs) - 24),
          NOBODY,
          limits,
          atMs,
        ).remaining;
      ok(allowance.resumesAtMs > NOW_MS && allowance.resumesAtMs <= NOW_MS + 24 * HOUR_MS);
      ok(later(allowance.resumesAtMs) > 0, 'it goes on');
      equal(later(allowance.resumesAtMs - 1), 0, 'not before');
      match(limitText(allowance), /^[ -~]{1,200}$/);
    }),
  );
});
