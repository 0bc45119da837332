import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPath } from '#delivery/path-text.ts';
import { Refusal } from '#delivery/delivery.ts';
import { parsePath } from './path.ts';

test('paths of every form are read', () => {
  deepEqual(read('<jan@capri.example>'), ['jan', 'capri.example']);
  deepEqual(read('<"jan kowalski"@capri.example>'), ['jan kowalski', 'capri.example']);
  deepEqual(read('<"a\\"b\\\\c"@capri.example>'), ['a"b\\c', 'capri.example']);
  deepEqual(read('<jan@[192.0.2.1]>'), ['jan', '[192.0.2.1]']);
  deepEqual(read('<jan@[IPv6:2001:db8::1]>'), ['jan', '[IPv6:2001:db8::1]']);
  deepEqual(read('<@one.example,@[192.0.2.1]:jan@capri.example>'), ['jan', 'capri.example']);
  deepEqual(read('<zażółć@gęśla.example>'), ['zażółć', 'gęśla.example']);
  deepEqual(read('<Postmaster>'), ['Postmaster', '']);
  deepEqual(read('<under_score@my_host.example>'), ['under_score', 'my_host.example']);
  equal(parsePath('<>', 0, 'sender').path, undefined);
});

test('what is not a path is refused with a syntax error', () => {
  const wrong = [
    '',
    '<',
    '>',
    'jan@capri.example',
    '<jan',
    '<jan>',
    '<jan@>',
    '<@capri.example>',
    '<jan@@capri.example>',
    '<jan@capri..example>',
    '<jan@.example>',
    '<jan@example.>',
    '<.jan@capri.example>',
    '<jan.@capri.example>',
    '<j..n@capri.example>',
    '<jan kowalski@capri.example>',
    '<"jan@capri.example>',
    '<""@capri.example>',
    '<jan@-capri.example>',
    '<jan@capri-.example>',
    '<jan@[300.1.1.1]>',
    '<jan@[IPv6:xyz]>',
    '<jan@[IPv6:fe80::1%eth0]>',
    '<jan@[192.0.2.1>',
    '<@one.example:>',
    '<@one.example jan@capri.example>',
    '<@one.example,:jan@capri.example>',
    '<<jan@capri.example>>',
    '<jan@exa mple>',
    `<jan@${'a'.repeat(64)}.example>`,
    `<jan@${'a.'.repeat(200)}example>`,
    `<${'a'.repeat(600)}@capri.example>`,
    '<jan@capri.example\u0000>',
    '<"a\\\u0001"@capri.example>',
    '<jan,anna@capri.example>',
    '<jan(comment)@capri.example>',
  ];
  for (const text of wrong)
    throws(
      () => parsePath(text, 0, 'recipient'),
      (error) => error instanceof Refusal && error.code === 501 && error.enhanced === '5.1.3',
      text,
    );
  throws(() => parsePath('<>', 0, 'recipient'), Refusal);
  throws(() => parsePath('<postmaster>', 0, 'sender'), Refusal);
});

test('a path that is written can be read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (local) => {
      // oxlint-disable-next-line no-control-regex -- such characters never get as far as a path
      fc.pre(!/[\u0000-\u001f\u007f]/.test(local) && local.isWellFormed());
      deepEqual(parsePath(`<${formatPath({ localPart: local, domain: 'capri.example' })}>`, 0, 'sender').path, { localPart: local, domain: 'capri.example' });
    }),
  );
});

test('no text makes the reading fail in another way or take long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('<', '>', '@', '"', '\\', ',', ':', '[', ']', '.', 'a', 'IPv6:', '1.2.3.4', ' ', 'ż', '\u0000'), { maxLength: 60 }),
      (pieces) => {
        try {
          parsePath(pieces.join(''), 0, 'recipient');
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      },
    ),
    { numRuns: 3000 },
  );
});

function read(text: string): readonly [string | undefined, string | undefined] {
  const { path, end } = parsePath(text, 0, 'recipient');
  equal(end, text.length);
  return [path?.localPart, path?.domain];
}
