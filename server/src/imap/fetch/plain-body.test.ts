import { doesNotThrow, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainBody } from './plain-body.ts';

function plain(structure: string): string {
  return Buffer.from(plainBody(Buffer.from(structure, 'latin1'))).toString('latin1');
}

test('the extension data of a text part is left out', () => {
  equal(plain('("TEXT" "PLAIN" ("CHARSET" "a(b)\\"c") NIL NIL "7BIT" 10 2 NIL NIL NIL NIL)'), '("TEXT" "PLAIN" ("CHARSET" "a(b)\\"c") NIL NIL "7BIT" 10 2)');
});

test('a part of another type has no number of lines', () => {
  equal(
    plain('("IMAGE" "PNG" NIL "<i>" {3}\r\n)"( "BASE64" 10 NIL ("ATTACHMENT" ("FILENAME" "x")) NIL NIL)'),
    '("IMAGE" "PNG" NIL "<i>" {3}\r\n)"( "BASE64" 10)',
  );
});

test('a multipart keeps its parts and its subtype', () => {
  equal(
    plain(
      '(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL)(("TEXT" "HTML" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL) "RELATED" NIL NIL NIL NIL) "MIXED" ("BOUNDARY" "b") NIL NIL NIL)',
    ),
    '(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)(("TEXT" "HTML" NIL NIL NIL "7BIT" 1 1) "RELATED") "MIXED")',
  );
});

test('a message part keeps its envelope, its body without extension data and its lines', () => {
  const envelope = '(NIL "s" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL)';
  equal(
    plain(`("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 99 ${envelope} ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL) 7 NIL NIL NIL NIL)`),
    `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 99 ${envelope} ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) 7)`,
  );
});

test('no bytes make it throw or run for ever', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('(', ')', '"', ' ', '{9}', '\\', 'NIL', '"TEXT"', '"MESSAGE" "RFC822"', '1')), (pieces) => {
      doesNotThrow(() => plain(`(${pieces.join('')}`));
    }),
  );
});
