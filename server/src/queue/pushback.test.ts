import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { greylistDelayMs, isPushback } from './pushback.ts';
import type { Outcome } from './transport.ts';

suite('what a temporary refusal asks of us', () => {
  test('greylisting is recognised, and when it wants us back', () => {
    assert.deepEqual(
      [
        deferred('4.2.0', '450 4.2.0 <a@one.test>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/'),
        deferred('4.7.1', '451 4.7.1 Greylisting in action, please come back in 00:04:59'),
        deferred('4.7.1', '450 4.7.1 Greylisted for 300 seconds'),
        deferred('4.7.1', '451 4.7.1 Greylisted, try again in 3 minutes'),
        deferred('4.7.1', '451 4.7.1 Greylisted, try again in 9 hours 59999 seconds'),
        deferred('4.2.2', '452 4.2.2 Mailbox full'),
      ].map(greylistDelayMs),
      [120_000, 304_000, 305_000, 185_000, 900_000, undefined],
    );
  });

  test('421 and 4.7.x say that we are too fast, greylisting and other trouble do not', () => {
    assert.deepEqual(
      [
        deferred('4.7.0', '421 4.7.0 Too many connections'),
        deferred('4.3.2', '421 Service not available'),
        deferred('4.7.28', '451 4.7.28 rate limit'),
        deferred('4.7.1', '451 4.7.1 Greylisting in action'),
        deferred('4.2.2', '452 4.2.2 Mailbox full'),
        { ...deferred('4.7.5', 'TLS failed'), host: undefined },
        { ...deferred('5.7.1', '550 5.7.1 spam'), kind: 'failed' as const },
      ].map(isPushback),
      [true, true, true, false, false, false, false],
    );
  });

  test('whatever a server says, the first retry is between one and fifteen minutes away', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 700 }), (text) => {
        const delayMs = greylistDelayMs(deferred('4.7.1', `451 4.7.1 Greylisted ${text}`));
        assert.ok(delayMs === undefined || (delayMs >= 60_000 && delayMs <= 900_000));
      }),
    );
  });
});

function deferred(status: string, reply: string): Outcome {
  return { kind: 'deferred', status, reply, host: 'mx.one.test' };
}
