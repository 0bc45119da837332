import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHeaderMailboxes } from './address.ts';
import { AddressSyntaxError, parseAddressListStrict, parseMailboxStrict } from './address-strict.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('what the standard allows is read', () => {
  const cases: Record<string, readonly (readonly [string | undefined, string, string])[]> = {
    'jan@example.com': [[undefined, 'jan', 'example.com']],
    ' Jan Kowalski <jan.k@example.com> ': [['Jan Kowalski', 'jan.k', 'example.com']],
    'Jan B. Kowalski <j@x>': [['Jan B. Kowalski', 'j', 'x']],
    '"Kowalski, \\"J\\"" (work) <j@x>, anna@y (Anna (A))': [
      ['Kowalski, "J"', 'j', 'x'],
      [undefined, 'anna', 'y'],
    ],
    '=?utf-8?Q?J=C3=B3zef?= <j@x>': [['Józef', 'j', 'x']],
    '"jan k"@x': [[undefined, 'jan k', 'x']],
    '<"a@b"@x>': [[undefined, 'a@b', 'x']],
    'j@[192.0.2.1]': [[undefined, 'j', '[192.0.2.1]']],
    '\xc5\x82 <\xc5\x82@\xc5\xbc.pl>': [['ł', 'ł', 'ż.pl']],
    '"" <j@x>': [[undefined, 'j', 'x']],
  };
  for (const [input, expected] of Object.entries(cases)) {
    assert.deepEqual(
      parseAddressListStrict(input).map(({ name, localPart, domain }) => [name, localPart, domain]),
      expected,
      input,
    );
  }
});

test('what two programs may read differently is refused', () => {
  const refused = [
    '',
    ' ',
    ',',
    'jan',
    'jan@',
    '@x',
    'jan@x,',
    ',jan@x',
    'jan@x,,anna@y',
    'a@b@c',
    'jan@x anna@y',
    'Jan <jan@x> Anna <anna@y>',
    'jan@x <anna@y>',
    'team: a@x;',
    'undisclosed:;',
    'a@x; b@y',
    '<@relay:a@x>',
    'Jan <jan@x',
    'Jan jan@x>',
    '"Jan <jan@x>',
    'Jan (x <jan@x>',
    'jan@x)',
    '.jan@x',
    'jan.@x',
    'j..k@x',
    'jan@.x',
    'jan@x.',
    'jan @x y',
    'a b@x',
    '"a"b@x',
    '"a".b@x',
    'jan@x\0',
    'Jan\r <jan@x>',
    '"a\nb" <jan@x>',
    '\xff <jan@x>',
    '<>',
    '<""@x>',
    `${'a'.repeat(65)}@x`,
    `a@${'b'.repeat(256)}`,
    `${'('.repeat(20)}${')'.repeat(20)} a@x`,
    '. <a@x>',
    'j@[1 2]',
    'j@[',
    '<a@x',
    '<a@x>>',
  ];
  for (const input of refused) assert.throws(() => parseAddressListStrict(input), AddressSyntaxError, JSON.stringify(input));
  assert.throws(() => parseMailboxStrict('a@x, b@y'), AddressSyntaxError);
  assert.throws(() => parseAddressListStrict('a@x,'.repeat(200).slice(0, -1)), AddressSyntaxError);
});

test('an address inside a domain literal is refused', () => {
  assert.throws(() => parseAddressListStrict('a@[<a@x>]'), AddressSyntaxError);
});

test('what is accepted is read the same by the lenient reader, which serves the clients', () => {
  const piece = fc.constantFrom('a', 'b', '@', '.', ',', '<', '>', '"', '\\', '(', ')', ' ', ';', ':', '[', ']', 'x.y', 'a@x', '<a@x>');
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      let strict: ReturnType<typeof parseAddressListStrict>;
      try {
        strict = parseAddressListStrict(text);
      } catch (error) {
        assert.ok(error instanceof AddressSyntaxError);
        return;
      }
      accepted++;
      assert.deepEqual(
        parseHeaderMailboxes(text).map(({ localPart, domain }) => [localPart, domain]),
        strict.map(({ localPart, domain }) => [localPart, domain]),
        text,
      );
    }),
    { numRuns: 20_000 },
  );
  assert.ok(accepted > 100);
});

test('nothing makes it dawdle', () => {
  for (const piece of ['"', '(', 'a ', '"a" ', '(a) ', '\\', '.'])
    assertLinear(piece, 10_000, (size) => assert.throws(() => parseAddressListStrict(piece.repeat(size)), AddressSyntaxError));
});
