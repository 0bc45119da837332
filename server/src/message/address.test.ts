import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseHeaderAddresses, parseHeaderMailboxes, quoteLocalPart, splitAddress } from './address.ts';
import { parseRawAddresses } from './address-list.ts';
import { encodePhrase } from './encode-word.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('addresses are read as people write them', () => {
  const cases: Record<string, readonly string[]> = {
    'jan@example.com': ['jan@example.com'],
    'Jan Kowalski <jan@example.com>, anna@example.com': ['Jan Kowalski <jan@example.com>', 'anna@example.com'],
    '"Kowalski, Jan" <jan@example.com>': ['Kowalski, Jan <jan@example.com>'],
    '"a \\"b\\" c" <x@y>': ['a "b" c <x@y>'],
    'jan@example.com (Jan (junior) Kowalski)': ['Jan (junior) Kowalski <jan@example.com>'],
    '"john doe"@example.com': ['<john doe@example.com>'],
    '<"a@b"@example.com>': ['<a@b@example.com>'],
    '=?utf-8?Q?Jan_=C5=81?= <j@x>': ['Jan Ł <j@x>'],
    '=?utf-8?Q?Kowalski,_Jan?= <j@x>': ['Kowalski, Jan <j@x>'],
    '\xc5\x81 <\xc5\x82@\xc5\xbc.pl>': ['Ł <ł@ż.pl>'],
    'jan . kowalski @ example . com': ['jan.kowalski@example.com'],
    ' jan@test   . example': ['jan@test.example'],
    'Jan B. Kowalski <j@x>': ['Jan B. Kowalski <j@x>'],
    'a@b; c@d': ['a@b', 'c@d'],
    'a@b,, ,c@d,': ['a@b', 'c@d'],
    'Jan <jan@x> Anna <anna@x>': ['Jan <jan@x>', 'Anna <anna@x>'],
    'Jan <jan@x, Anna <anna@x>': ['Jan <jan@x>', 'Anna <anna@x>'],
    '<a@x<b@x>': ['a@x', 'b@x'],
    'Jan <jan@x': ['Jan <jan@x>'],
    'Jan jan@x': ['Jan <jan@x>'],
    'a@x b@y Jan c@z': ['a@x', 'b@y', 'Jan <c@z>'],
    'Jan "j@k" x@y': ['Jan j@k <x@y>'],
    root: ['root'],
    'Mail Delivery Subsystem': ['Mail Delivery Subsystem <>'],
    '<@relay.example,@other.example:jan@x>': ['<jan@x>'],
    'a@[192.0.2.1], b@[IPv6:2001:db8::1]': ['a@[192.0.2.1]', 'b@[IPv6:2001:db8::1]'],
    '"unclosed <jan@x>': ['unclosed <jan@x>'],
    'Jan (unclosed <jan@x>': ['Jan (unclosed <jan@x>'],
    'a@b@c': ['a@b@c'],
    '"" <a@b>': ['a@b'],
    '<>': [],
    '': [],
    '(only a comment)': [],
  };
  for (const [input, expected] of Object.entries(cases)) {
    const found = parseHeaderMailboxes(input).map(({ name, localPart, domain }) => {
      const address = domain === '' ? localPart : `${localPart}@${domain}`;
      return name !== undefined || address.includes(' ') || (address.match(/@/g)?.length ?? 0) > (input.startsWith('<"') ? 1 : 9) || input.startsWith('<@')
        ? `${name === undefined ? '' : `${name} `}<${address}>`
        : address;
    });
    assert.deepEqual(found, expected, input);
  }
});

test('groups keep their members', () => {
  assert.deepEqual(parseHeaderAddresses('A Group:Ed Jones <joe@where.test>,john@jdoe.test; , undisclosed-recipients:;, last@x'), [
    {
      kind: 'group',
      name: 'A Group',
      members: [
        { name: 'Ed Jones', localPart: 'joe', domain: 'where.test' },
        { name: undefined, localPart: 'john', domain: 'jdoe.test' },
      ],
    },
    { kind: 'group', name: 'undisclosed-recipients', members: [] },
    { kind: 'mailbox', name: undefined, localPart: 'last', domain: 'x' },
  ]);
});

test('what is written is read back the same', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text) =>
    text
      .toWellFormed()
      .replace(/\p{Cc}+/gu, '')
      .replace(/\s+/gu, ' ')
      .trim(),
  );
  const local = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(word, local), { minLength: 1, maxLength: 5 }), (people) => {
      const written = people.map(([name, localPart]) => `${name === '' ? '' : encodePhrase(name)} <${formatAddress(localPart, 'example.com')}>`).join(', ');
      const read = parseHeaderMailboxes(written);
      assert.deepEqual(
        read,
        people.map(([name, localPart]) => ({ name: name === '' ? undefined : name, localPart, domain: 'example.com' })),
      );
    }),
  );
});

test('local parts are quoted where needed, and addresses split at the right sign', () => {
  assert.deepEqual(['jan', 'jan.k', 'jan k', 'a"b', '.a', 'żółw', ''].map(quoteLocalPart), ['jan', 'jan.k', '"jan k"', '"a\\"b"', '".a"', 'żółw', '""']);
  assert.deepEqual(splitAddress('"a@b c"@x'), { localPart: 'a@b c', domain: 'x' });
  assert.equal(splitAddress('@x') ?? splitAddress('x@') ?? splitAddress('x') ?? splitAddress('"@x'), undefined);
});

test('nothing makes it throw or dawdle', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '@', ',', ';', ':', '<', '>', '"', '\\', '(', ')', '[', ']', ' ', '=?u?q?x?=', '.'), { maxLength: 60 }),
      (pieces) => {
        parseHeaderAddresses(pieces.join(''));
      },
    ),
    { numRuns: 2000 },
  );
  for (const piece of ['"', '(', '<', '[', '@', ':', 'a:;', '=?', '<"', 'a <b>', '\\', '"\\', 'a@b "\\', '@[', '(\\', ' .', ' "'])
    assertLinear(piece, 10_000, (size) => parseHeaderAddresses(piece.repeat(size)));
});

test('only so many addresses are read', () => {
  for (const piece of ['a@b,', 'a@b ', '<a@b> ', 'g:;']) assert.ok(parseRawAddresses(piece.repeat(100_000), 50).length <= 51, piece);
});
