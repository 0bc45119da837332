import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAlarming, scoreSending, type Signals } from './score.ts';
import { DEFAULT_SENDING_LIMITS } from './settings.ts';

const thresholds = DEFAULT_SENDING_LIMITS.hold;
const quiet: Signals = { newNetworks: 0, recipients: 0, newRecipients: 0, usualRecipients: 0, delivered: 0, refused: 0, complaints: 0 };
const count = fc.nat({ max: 5000 });
const anySignals: fc.Arbitrary<Signals> = fc.record({
  newNetworks: fc.nat({ max: 5 }),
  recipients: count,
  newRecipients: count,
  usualRecipients: count,
  delivered: count,
  refused: count,
  complaints: fc.nat({ max: 50 }),
});
const anyThresholds = fc.record({
  points: fc.nat({ max: 300 }),
  newRecipients: fc.nat({ max: 1000 }),
  refusedRecipients: fc.nat({ max: 1000 }),
  refusedPercent: fc.nat({ max: 100 }),
  rateFactor: fc.nat({ max: 100 }),
  complaints: fc.nat({ max: 100 }),
});

test('a quiet account has no points', () => {
  deepEqual(scoreSending(quiet, thresholds), { points: 0, findings: [] });
});

test('what owners do is no alarm: a newsletter, a holiday, an old list', () => {
  const newsletter = { ...quiet, recipients: 290, newRecipients: 290, usualRecipients: 20, delivered: 280, refused: 10 };
  const holiday = { ...quiet, newNetworks: 3, recipients: 15, newRecipients: 15, usualRecipients: 30, delivered: 15 };
  const oldList = { ...quiet, recipients: 90, newRecipients: 50, usualRecipients: 60, delivered: 60, refused: 30 };
  for (const signals of [newsletter, holiday, oldList]) equal(isAlarming(scoreSending(signals, thresholds), thresholds), false, JSON.stringify(signals));
});

test('what thieves do is: a new network with a flood to strangers, a flood that bounces, complaints about it', () => {
  const flood = { ...quiet, newNetworks: 1, recipients: 150, newRecipients: 140, usualRecipients: 12, delivered: 10 };
  const bouncing = { ...quiet, recipients: 150, newRecipients: 120, usualRecipients: 60, delivered: 40, refused: 25 };
  const hated = { ...quiet, newNetworks: 1, recipients: 60, newRecipients: 20, usualRecipients: 12, complaints: 3 };
  const dirty = { ...quiet, recipients: 100, usualRecipients: 100, delivered: 30, refused: 60 };
  for (const signals of [flood, bouncing, hated, dirty]) equal(isAlarming(scoreSending(signals, thresholds), thresholds), true, JSON.stringify(signals));
});

test('each finding says what was counted, and against what', () => {
  deepEqual(scoreSending({ ...quiet, newNetworks: 2, recipients: 400, usualRecipients: 3, delivered: 30, refused: 20 }, thresholds), {
    points: 150,
    findings: [
      { sign: 'new-network', points: 40, count: 2 },
      { sign: 'rate', points: 50, count: 400, of: 10 },
      { sign: 'refusals', points: 60, count: 20, of: 50 },
    ],
  });
});

test('more of a bad sign never lowers the points, a busier history never raises them', () => {
  const bad = fc.constantFrom('newNetworks', 'recipients', 'newRecipients', 'refused', 'complaints' as const);
  fc.assert(
    fc.property(anySignals, anyThresholds, bad, fc.nat({ max: 5000 }), (signals, limits, sign, more) => {
      const before = scoreSending(signals, limits).points;
      ok(scoreSending({ ...signals, [sign]: signals[sign] + more }, limits).points >= before);
      ok(scoreSending({ ...signals, usualRecipients: signals.usualRecipients + more }, limits).points <= before);
      ok(scoreSending({ ...signals, delivered: signals.delivered + more }, limits).points <= before);
    }),
  );
});

test('the points are those of the findings, and below every threshold there are none', () => {
  fc.assert(
    fc.property(anySignals, anyThresholds, (signals, limits) => {
      const { points, findings } = scoreSending(signals, limits);
      equal(
        points,
        findings.reduce((sum, one) => sum + one.points, 0),
      );
      equal(new Set(findings.map(({ sign }) => sign)).size, findings.length);
      const small = { ...quiet, newRecipients: limits.newRecipients - 1, refused: limits.refusedRecipients - 1, complaints: limits.complaints - 1 };
      equal(scoreSending(small, limits).points, 0);
      equal(isAlarming({ points, findings }, { ...limits, points: 0 }), false);
    }),
  );
});
