import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CollectingWriter } from '../../../test/support/collecting-writer.ts';
import { parseDateTime } from '../wire/date.ts';
import { writeInternalDate } from './internal-date.ts';
import { Output } from './output.ts';

function rendered(milliseconds: number): string {
  const writer = new CollectingWriter();
  const output = new Output(writer);
  writeInternalDate(output, milliseconds);
  output.handOver();
  return writer.text;
}

test('a date is written in UTC with a day of two digits', () => {
  equal(rendered(Date.UTC(1996, 6, 7, 2, 44, 25)), '"07-Jul-1996 02:44:25 +0000"');
});

test('what is written is read back as the same second', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) }), (milliseconds) => {
      if (milliseconds < Date.UTC(100, 0, 1)) return;
      equal(parseDateTime(rendered(milliseconds).slice(1, -1)), Math.floor(milliseconds / 1000) * 1000);
    }),
  );
});

test('a date beyond what four digits can say is cut to them', () => {
  equal(rendered(8.64e15), '"31-Dec-9999 23:59:59 +0000"');
  equal(/^"\d\d-[A-Z][a-z]{2}-\d{4} /.test(rendered(-8.64e15)), true);
});
