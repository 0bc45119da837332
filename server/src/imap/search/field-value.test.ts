import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Header } from '#message/header.ts';
import { fieldValues } from './field-value.ts';

test('the values are those that the header gives', () => {
  const line = fc
    .tuple(
      fc.constantFrom('Subject', 'SUBJECT', 'subject ', 'Subjects', 'Sub', 'X-Y'),
      fc.constantFrom(':', ' :', ''),
      fc.constantFrom(' a', ' a\r\n b', '', '\tc\n d', ' =?x?q?y?='),
    )
    .map((parts) => `${parts.join('')}\r\n`);
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('', '\r\nSubject: in the body\r\n'), fc.constantFrom('subject', 'x-y', 'sub'), (lines, rest, name) => {
      const block = Buffer.from(lines.join('') + rest, 'latin1');
      deepEqual(fieldValues(block.toString('latin1'), name), new Header(block).all(name));
    }),
  );
});
