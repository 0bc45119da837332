import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastFieldStart, LongHeader } from './long-header.ts';

const BAD = (name: string): boolean => name === 'bad';

test('fields are left out wherever the octets are cut, and nothing else changes', () => {
  const name = fc.constantFrom('Bad', 'BAD ', 'Bad-Too', 'Ba', 'Good', 'X');
  const value = fc.constantFrom(' 1', ' a\r\n\tb', ' a\r\n bad: x', '', ' \r\n  \r\n\tz');
  const field = fc.tuple(name, value).map(([n, v]) => `${n}:${v}\r\n`);
  const rest = fc.constantFrom('', '\r\n', '\r\nBad: this is the body\r\n\r\nBad: too', 'no field\r\n');
  fc.assert(
    fc.property(fc.array(field), rest, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (fields, tail, sizes) => {
      const expected = fields.filter((one) => !/^bad ?:/i.test(one)).join('') + tail;
      equal(pass(Buffer.from(fields.join('') + tail), sizes), expected);
    }),
    { numRuns: 2000 },
  );
});

test('a field longer than is waited for stays or goes as a whole', () => {
  const long = `${' x'.repeat(40)}\r\n\t`.repeat(2000);
  for (const size of [1000, 64 * 1024, 1_000_000]) {
    equal(pass(Buffer.from(`A: 1\r\nBad:${long}end\r\nB: 2\r\n\r\nbody`), [size]), 'A: 1\r\nB: 2\r\n\r\nbody');
    equal(pass(Buffer.from(`A: 1\r\nBig:${long}end\r\nBad: 2\r\n\r\nbody`), [size]), `A: 1\r\nBig:${long}end\r\n\r\nbody`);
  }
});

test('the last field is the one whose end is not known', () => {
  deepEqual(
    ['', 'A: 1', 'A: 1\r\n', 'A: 1\r\nB: 2', 'A: 1\r\nB: 2\r\n', 'A: 1\r\n b\r\n\tc\r\n', 'A: 1\r\nB: 2\r\n c'].map((text) =>
      lastFieldStart(Buffer.from(text), 0),
    ),
    [0, 0, 0, 6, 6, 0, 6],
  );
});

test('of millions of fields only those are looked at that may be left out', () => {
  const asked: string[] = [];
  const header = new LongHeader(['bad'], (name) => {
    asked.push(name);
    return BAD(name);
  });
  const chunk = Buffer.from(`${'a:\r\n'.repeat(1000)}Bad: 1\r\nBadly: 2\r\nx`);
  equal(header.take(chunk).toString(), `${'a:\r\n'.repeat(1000)}Badly: 2\r\n`);
  deepEqual([asked, header.end().toString()], [['bad', 'badly'], 'x']);
});

/** What goes on of octets that come in pieces of these sizes, over and over. */
function pass(octets: Buffer, sizes: readonly number[]): string {
  const header = new LongHeader(['bad'], BAD);
  const kept: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < octets.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    // The memory of a chunk is used again.
    const chunk = Buffer.from(octets.subarray(at, at + size));
    kept.push(Buffer.from(header.take(chunk)));
    chunk.fill(0);
    at += size;
  }
  kept.push(header.end());
  return Buffer.concat(kept).toString();
}
