import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDate, parseDate } from './date.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('dates are read in every form that mail has used', () => {
  const cases: Record<string, string | undefined> = {
    'Fri, 21 Nov 1997 09:55:06 -0600': '1997-11-21T15:55:06Z',
    'Tue, 1 Jul 2003 10:52:37 +0200': '2003-07-01T08:52:37Z',
    'Thu,\r\n 13 Feb 1969 23:32 -0330 (Newfoundland Time)': '1969-02-14T03:02:00Z',
    '21 Nov 97 09:55:06 GMT': '1997-11-21T09:55:06Z',
    'Fri, 21 Nov 1997 09(comment):   55  :  06 -0600': '1997-11-21T15:55:06Z',
    'Mon, 7 Feb 94 21:52:25 PST': '1994-02-08T05:52:25Z',
    'Mon, 7 Feb 1994 21:52:25 Z': '1994-02-07T21:52:25Z',
    'Mon, 7 Feb 1994 21:52:25 X': '1994-02-07T21:52:25Z',
    'Mon, 7 Feb 1994 21:52:25': '1994-02-07T21:52:25Z',
    'Monday, 07-Feb-94 21:52:25 GMT': '1994-02-07T21:52:25Z',
    'Mon Feb  7 21:52:25 1994': '1994-02-07T21:52:25Z',
    'Mon Feb  7 21:52:25 CET 1994': '1994-02-07T20:52:25Z',
    'Mon, 7 Feb 1994 9:52 PM +01:00': '1994-02-07T20:52:00Z',
    '2026-11-23T12:00:00+01:00': '2026-11-23T11:00:00Z',
    '2026-11-23 12:00:00': '2026-11-23T12:00:00Z',
    'Mon, 23 Nov 2026 23:59:60 +0000': '2026-11-23T23:59:59Z',
    'Mon, 23 Nov 26 12.00.00 +0100': '2026-11-23T11:00:00Z',
    'Mon, 32 Nov 2026 12:00:00 +0100': undefined,
    'Mon, 23 Foo 2026 12:00:00 +0100': undefined,
    'not a date': undefined,
    '': undefined,
  };
  for (const [text, expected] of Object.entries(cases)) {
    const ms = parseDate(text);
    assert.equal(ms === undefined ? undefined : new Date(ms).toISOString().replace('.000', ''), expected, text);
  }
});

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0100-01-01'), max: new Date('9998-12-31'), noInvalidDate: true }),
      fc.integer({ min: -720, max: 840 }),
      (date, offset) => {
        const ms = Math.floor(date.getTime() / 1000) * 1000;
        assert.equal(parseDate(formatDate(ms, offset)), ms);
      },
    ),
  );
});

test('nothing makes it throw or dawdle', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseDate(text)));
  for (const piece of ['(', '()', ' ', 'Mon,', '1 ', ':']) assertLinear(piece, 20_000, (size) => parseDate(piece.repeat(size)));
});
