import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCapabilities } from './peer-capabilities.ts';

const read = (...lines: readonly string[]): ReturnType<typeof readCapabilities> =>
  readCapabilities({ code: 250, enhanced: undefined, lines: ['mx', ...lines] });

test('what a server offers is read in any case and order', () => {
  const found = read('pipelining', 'SIZE 1000', 'Auth=PLAIN', 'AUTH LOGIN', 'limits rcptmax=50  MAILMAX=7 OTHER', 'CHUNKING', 'RequireTLS', 'DELIVERBY 120');
  assert.deepEqual(
    [found.pipelining, found.sizeLimit, [...found.auth], found.recipientLimit, found.messageLimit, found.chunking, found.requireTls, found.deliverBySeconds],
    [true, 1000, ['PLAIN', 'LOGIN'], 50, 7, true, true, 120],
  );
  assert.deepEqual([found.startTls, found.eightBitMime, found.smtpUtf8, found.dsn], [false, false, false, false]);
});

test('the least time of DELIVERBY stands in front of what later versions may add', () => {
  const told = ['DELIVERBY', 'DELIVERBY 240', 'DELIVERBY 240,LATER', 'DELIVERBY ,LATER', 'DELIVERBY 1x', 'SIZE'].map((line) => read(line).deliverBySeconds);
  assert.deepEqual(told, [0, 240, 240, 0, 0, undefined]);
});

test('limits that make no sense are none', () => {
  for (const line of ['LIMITS RCPTMAX=0', 'LIMITS RCPTMAX=-1', 'LIMITS RCPTMAX', 'LIMITS RCPTMAX=x', 'LIMITS', `LIMITS RCPTMAX=${'9'.repeat(30)}`])
    assert.equal(read(line).recipientLimit, undefined, line);
});

test('any words can be read', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `LIMITS ${text}`),
          fc.string().map((text) => `SIZE ${text}`),
        ),
      ),
      (lines) => {
        const { recipientLimit = 1, sizeLimit = 0 } = read(...lines);
        assert.ok(recipientLimit >= 1 && sizeLimit >= 0);
      },
    ),
  );
});
