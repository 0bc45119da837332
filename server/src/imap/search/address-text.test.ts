import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeWords } from '#message/encoded-word.ts';
import { fold } from '#message/fold.ts';
import { addressText, needsNormalizing } from './address-text.ts';

/** What FROM does with a value: its text, or its addresses where they could say more. */
function contains(value: string, needle: string): boolean {
  return fold(decodeWords(value)).includes(needle) || (needsNormalizing(value, needle) && fold(addressText(value)).includes(needle));
}

test('addresses are found without their comments, quoting and stray spaces', () => {
  equal(contains('<user-from (comment)@ (comment) domain.org>', 'user-from@domain.org'), true);
  equal(contains('"Jan" Kowalski <jan . k@example.com>', 'jan kowalski <jan.k@example.com>'), true);
  equal(contains('"Kowalski, Jan" <jan@example.com>', 'kowalski, jan <jan@'), true);
  equal(contains('<@relay.example:jan@example.com>', '<@relay.example'), true);
  equal(contains('jan jan  <jan@example.org>', ' jan <'), true);
  equal(contains('jan\t<jan@example.org>', 'jan <jan'), true);
  equal(contains('jan. kowalski@example.com (Jan)', 'jan <jan.kowalski@example.com>'), true);
});

test('what can be found in the text of the field is still found there', () => {
  equal(contains('jan@example.com (on leave)', 'on leave'), true);
  equal(contains('Friends: jan@example.com;', 'friends'), true);
});

test('passing over the addresses never changes the answer', () => {
  const blank = fc.constantFrom('', '', ' ', '  ', '\t', ' (note) ');
  const word = fc.constantFrom('jan', 'K.', '"jan k"', '"j\\\\"k"', '=?utf-8?q?=C5=BB?=');
  const local = fc.constantFrom(['jan'], ['jan', '.', 'k'], ['"jan k"']);
  const spec = fc.tuple(local, blank, blank).map(([parts, before, after]) => `${parts.join(before)}${after}@${before}example${after}.org`);
  const angles = fc
    .tuple(fc.array(word, { maxLength: 2 }), blank, blank, fc.constantFrom('', '@relay:'), spec)
    .map(([name, before, inside, route, address]) => {
      return `${name.join(' ')}${before}<${inside}${route}${address}${inside}>`.trim();
    });
  const value = fc.oneof(angles, spec, fc.constant('"Kowalski Jan" <jan@example.org>'));
  fc.assert(
    fc.property(value, fc.nat(), fc.nat({ max: 12 }), (text, from, length) => {
      const addresses = fold(addressText(text));
      const start = from % (addresses.length + 1);
      const needle = addresses.slice(start, start + length);
      equal(contains(text, needle), true, JSON.stringify({ text, needle, addresses }));
    }),
    { numRuns: 3000 },
  );
});
