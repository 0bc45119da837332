import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filterHeader, headerFilter } from './header-filter.ts';

const HEADER = 'From: a\r\nTo: b\r\n folded\r\nSubject: c\r\nto: d\r\nnot a field\r\n\r\nTo: body\r\n';

test('named fields keep their order and octets and are ended by an empty line', () => {
  assert.equal(filtered(HEADER, ['TO', 'from']), 'From: a\r\nTo: b\r\n folded\r\nto: d\r\n\r\n');
  assert.equal(filtered(HEADER, ['X-None']), '\r\n');
  assert.equal(filtered('To : a', ['to']), 'To : a\r\n\r\n');
});

test('NOT keeps everything else, also what is no field', () => {
  assert.equal(filtered(HEADER, ['to', 'from'], true), 'Subject: c\r\nnot a field\r\n\r\n');
  assert.equal(filtered(HEADER, [], true), HEADER.slice(0, HEADER.indexOf('\r\n\r\n') + 4));
});

test('a filter and its opposite share out all lines', () => {
  const line = fc.constantFrom('From: a', 'TO:b', ' folded', 'To : c', 'junk', ':', 'Subject: x');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const header = lines.map((text) => `${text}\r\n`).join('');
      const kept = [filtered(header, ['to']), filtered(header, ['to'], true)].flatMap((text) => text.slice(0, -2).split('\r\n'));
      assert.deepEqual(kept.filter((text) => text !== '').toSorted(), lines.toSorted());
    }),
  );
});

function filtered(header: string, names: readonly string[], isNot = false): string {
  return filterHeader(Buffer.from(header, 'latin1'), headerFilter(names, isNot)).toString('latin1');
}
