import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold, foldByDefinition } from './fold.ts';

test('letters are folded as people type them', () => {
  equal(fold('Zażółć GĘŚLĄ jaźń, Straße, Ærø, ŒUVRE, İstanbul ﬁne ΣΊΣΥΦΟΣ „x” a–b'), 'zazolc gesla jazn, strasse, aero, oeuvre, istanbul fine σισυφοσ "x" a-b');
});

test('every character of the first planes is folded by its definition', () => {
  for (let code = 0; code < 0x30000; code++) {
    const char = String.fromCodePoint(code);
    if (fold(char) !== foldByDefinition(char)) equal(fold(char), foldByDefinition(char), code.toString(16));
  }
});

test('a text is folded by its definition, whatever its characters are next to', () => {
  const char = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('Σ', 'σ', 'ς', 'İ', 'I', '\u0301', '\u0345', 'ﷺ', '\ud800', '\udc00', 'ß', 'ẞ', '각', 'ᄀ', 'ǆ', 'a', 'B', ' ', 'Ł'),
  );
  fc.assert(
    fc.property(fc.array(char), (chars) => {
      const text = chars.join('');
      equal(fold(text), foldByDefinition(text));
      equal(fold(fold(text)), fold(text));
    }),
  );
  const long = 'Zażółć ﷺ gęślą jaźń 日本語 '.repeat(3000);
  equal(fold(long), foldByDefinition(long));
});
