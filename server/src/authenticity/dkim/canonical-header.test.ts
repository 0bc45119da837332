import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Header } from '#message/header.ts';
import { relaxField, SignableFields, withoutLineEnd } from './canonical-header.ts';

test('fields are relaxed as in the example of RFC 6376', () => {
  equal(relaxField('A: X\r\n'), 'a:X\r\n');
  equal(relaxField('B : Y\t\r\n\tZ  \r\n'), 'b:Y Z\r\n');
  equal(relaxField('Subject:\r\n'), 'subject:\r\n');
  equal(relaxField('Subject:\r\n \r\n\tx\r\n'), 'subject:x\r\n');
  equal(relaxField('X: caf\xc3\xa9 \xa0\r\n'), 'x:caf\xc3\xa9 \xa0\r\n');
});

test('simple leaves a field as it is', () => {
  const fields = new SignableFields(new Header(Buffer.from('B : Y\t\r\n\tZ  \r\n\r\n')));
  equal(fields.canonical(0, 'simple'), 'B : Y\t\r\n\tZ  \r\n');
  equal(withoutLineEnd('b:Y Z\r\n'), 'b:Y Z');
});

test('of several fields of a name the lowest is taken first, and a name beyond them stands for nothing', () => {
  const fields = new SignableFields(new Header(Buffer.from('To: 1\r\nFrom: a\r\nto: 2\r\nTO: 3\r\n\r\n')));
  equal(fields.select(['to', 'from', 'to', 'cc', 'to', 'to', 'from'], 'relaxed'), 'to:3\r\nfrom:a\r\nto:2\r\nto:1\r\n');
  deepEqual([...fields.names()], ['to', 'from']);
});

test('any header is taken, and relaxing twice changes nothing more', () => {
  const line = fc.stringMatching(/^[a-zA-Z]{1,5}[ \t]{0,2}:[ -~\t\x80-\xff]{0,30}(\r\n[ \t][ -~]{0,9}){0,2}\r\n$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string({ unit: 'binary' })), { maxLength: 20 }), (lines) => {
      const fields = new SignableFields(new Header(Buffer.from(lines.join(''), 'latin1')));
      for (const name of fields.names()) {
        for (const number of fields.numbersOf(name)) {
          const once = fields.canonical(number, 'relaxed');
          equal(relaxField(once), once);
        }
      }
    }),
  );
});
