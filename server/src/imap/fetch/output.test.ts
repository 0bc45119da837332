import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CollectingWriter } from '../../../test/support/collecting-writer.ts';
import { Output, writeNumber } from './output.ts';

test('a number is written as String writes it', () => {
  const buffer = Buffer.alloc(20);
  const check = (value: number): void => equal(buffer.toString('latin1', 0, writeNumber(buffer, 0, value)), String(value));
  for (let power = 0; power < 16; power++) for (const near of [-1, 0, 1]) check(Math.max(0, 10 ** power + near));
  check(Number.MAX_SAFE_INTEGER);
  fc.assert(fc.property(fc.maxSafeNat(), check));
  fc.assert(fc.property(fc.nat(), check));
});

test('whatever is appended arrives in order and whole', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 100 }).map((text) => text.replace(/[^\0-\xff]/g, '')),
    fc.uint8Array({ maxLength: 300 }),
    fc.maxSafeNat(),
    fc.integer({ min: 1, max: 4 }).map((n) => Buffer.alloc(n * 16 * 1024, 65 + n)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const writer = new CollectingWriter();
      const output = new Output(writer);
      for (const each of pieces) {
        if (typeof each === 'string') output.text(each);
        else if (typeof each === 'number') output.number(each);
        else output.bytes(each);
      }
      output.handOver();
      const expected = Buffer.concat(pieces.map((each) => (each instanceof Uint8Array ? each : Buffer.from(String(each), 'latin1'))));
      deepEqual(Buffer.concat(writer.chunks), expected);
    }),
  );
});

test('bytes that were handed over do not change afterwards', () => {
  const writer = new CollectingWriter();
  const output = new Output(writer);
  output.text('first');
  output.handOver();
  output.text('second');
  output.handOver();
  deepEqual(
    writer.chunks.map((chunk) => Buffer.from(chunk).toString()),
    ['first', 'second'],
  );
});

test('a literal8 is announced with a tilde', () => {
  const writer = new CollectingWriter();
  const output = new Output(writer);
  output.literal(Uint8Array.of(1, 0, 2), true);
  output.handOver();
  equal(writer.text, '~{3}\r\n\x01\0\x02');
});
