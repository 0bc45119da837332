import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLAGGED, SEEN } from '#store/flags.ts';
import { ImapError } from '../command.ts';
import { parseFetchRequest } from '../fetch/request.ts';
import { Cursor } from '../wire/cursor.ts';
import type { Criterion } from './criterion.ts';
import { parseSearch } from './parse.ts';

function criterionOf(text: string): Criterion {
  return parseSearch(new Cursor([` ${text}`])).criterion;
}

test('keys in a row must all hold; OR takes two, NOT one', () => {
  deepEqual(criterionOf('SEEN OR (FLAGGED ALL) NOT SEEN LARGER 5'), {
    kind: 'and',
    of: [
      { kind: 'flag', bit: SEEN },
      {
        kind: 'or',
        of: [
          { kind: 'and', of: [{ kind: 'flag', bit: FLAGGED }, { kind: 'all' }] },
          { kind: 'not', of: { kind: 'flag', bit: SEEN } },
        ],
      },
      { kind: 'larger', bytes: 5 },
    ],
  });
});

test('strings are folded, names lowered, sets kept', () => {
  deepEqual(criterionOf('FROM "Jan" SUBJECT Zur HEADER List-ID X KEYWORD $Work 1:*,$'), {
    kind: 'and',
    of: [
      { kind: 'address', field: 'from', needle: 'jan' },
      { kind: 'header', field: 'subject', needle: 'zur' },
      { kind: 'header', field: 'list-id', needle: 'x' },
      { kind: 'keyword', name: '$work' },
      { kind: 'sequence', set: { ranges: [{ first: 1, last: 2 ** 32 }], hasSaved: true } },
    ],
  });
});

test('RETURN () means ALL', () => {
  deepEqual(parseSearch(new Cursor([' RETURN () ALL'])).returns, { min: false, max: false, all: true, count: false, save: false });
  equal(parseSearch(new Cursor([' ALL'])).returns, undefined);
});

test('deep nesting and endless lists are refused, not followed', () => {
  throws(() => criterionOf(`${'NOT '.repeat(100_000)}ALL`), ImapError);
  throws(() => criterionOf(`${'('.repeat(100_000)}ALL`), ImapError);
  throws(() => criterionOf(`${'OR ALL '.repeat(100_000)}ALL`), ImapError);
  throws(() => criterionOf('SEEN '.repeat(100_000)), ImapError);
});

test('no input makes SEARCH or FETCH throw anything but an ImapError', () => {
  const word = fc.constantFrom(
    'ALL',
    'OR',
    'NOT',
    '(',
    ')',
    ' ',
    ' ',
    ' ',
    'UID',
    '1:*',
    '$',
    '"a"',
    '"',
    '\\',
    'SINCE',
    '1-Feb-2026',
    'HEADER',
    'MODSEQ',
    '5',
    '{3}',
    'RETURN',
    '(MIN)',
    'CHARSET',
    'utf-8',
    'BODY',
    '[',
    ']',
    'HEADER.FIELDS',
    '(a)',
    '<1.2>',
    'BINARY.SIZE[1]',
    'BODY[1.2]',
    '\u00e9',
    '\0',
    '*',
    ',',
    'EMAILID',
    'Mabc',
    'KEYWORD',
    '\\Seen',
    'PREVIEW',
    'LAZY',
    'CHANGEDSINCE',
  );
  const text = fc.oneof(
    fc.array(word).map((words) => words.join('')),
    fc.array(word).map((words) => words.join(' ')),
    fc.string(),
  );
  // A system flag has a key of its own (RFC 9051 §9, flag-keyword is an atom).
  for (const key of ['KEYWORD', 'UNKEYWORD']) throws(() => parseSearch(new Cursor([`${key} \\Seen`])), ImapError);
  fc.assert(
    fc.property(text, (input) => {
      for (const parse of [parseSearch, parseFetchRequest]) {
        try {
          parse(new Cursor([input]));
        } catch (error) {
          equal(error instanceof ImapError, true, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
