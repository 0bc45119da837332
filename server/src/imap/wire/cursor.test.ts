import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ImapError } from '../command.ts';
import { Cursor } from './cursor.ts';
import type { Piece } from './literal.ts';
import { canonicalName, decodeUtf7, encodeUtf7 } from './mailbox-name.ts';
import { STAR, writeSet } from './sequence-set.ts';
import { quoted, quotedUtf8 } from './write.ts';

const over = (text: string, isUtf8: boolean = false): Cursor => new Cursor([text], { isUtf8 });
const literal = (text: string, isBinary: boolean = false): Piece => ({ bytes: Buffer.from(text, 'utf8'), isBinary });
const isImapError = (error: unknown): boolean => error instanceof ImapError && error.status === 'BAD';

describe('cursor', () => {
  it('reads atoms, strings and literals as the same astring', () => {
    assert.equal(over('jan]x').astring(), 'jan]x');
    assert.equal(over('"a \\"b\\" \\\\"').astring(), 'a "b" \\');
    assert.equal(new Cursor(['', literal('two\r\nlines'), '']).astring(), 'two\r\nlines');
  });

  it('walks over literals between text', () => {
    const cursor = new Cursor([' ', literal('one'), ' ', literal('two'), '']);
    cursor.space();
    assert.equal(cursor.astring(), 'one');
    cursor.space();
    assert.equal(cursor.isAtEnd, false);
    assert.equal(cursor.astring(), 'two');
    cursor.end();
  });

  it('refuses a literal where the grammar has none', () => {
    assert.throws(() => new Cursor(['', literal('5'), '']).number(), isImapError);
    assert.throws(() => new Cursor(['"unfinished', literal('x'), '"']).astring(), isImapError);
    assert.throws(() => new Cursor(['', literal('a\0b'), '']).astring(), isImapError);
    assert.throws(() => new Cursor(['', literal('x', true), '']).astring(), isImapError);
  });

  it('finds the literal that is still on the line', () => {
    const header = { sizeBytes: 10, isSynchronizing: true, isBinary: false };
    const cursor = new Cursor([' INBOX ', header]);
    cursor.space();
    assert.equal(cursor.mailbox(), 'INBOX');
    assert.equal(cursor.isAtStreamedLiteral, false);
    cursor.space();
    assert.equal(cursor.isAtStreamedLiteral, true);
    assert.deepEqual(cursor.streamedLiteral(), header);
    assert.equal(cursor.isAtEnd, true);
  });

  it('reads numbers within their bounds', () => {
    assert.equal(over('4294967295').number(), 4294967295);
    assert.throws(() => over('4294967296').number(), isImapError);
    assert.throws(() => over('0').nzNumber(), isImapError);
    assert.equal(over('9223372036854775807').modseq(), Number.MAX_SAFE_INTEGER);
    assert.throws(() => over('99999999999999999999').modseq(), isImapError);
    assert.throws(() => over('-1').number(), isImapError);
  });

  it('reads sequence sets with *, ranges in any order and $', () => {
    assert.deepEqual(over('1,5:3,*,7:*').sequenceSet(), {
      ranges: [
        { first: 1, last: 1 },
        { first: 5, last: 3 },
        { first: STAR, last: STAR },
        { first: 7, last: STAR },
      ],
      hasSaved: false,
    });
    assert.deepEqual(over('$').sequenceSet(), { ranges: [], hasSaved: true });
    for (const wrong of ['', '0', '1:', ',1', '1,', 'a', '1:0']) assert.throws(() => over(wrong).sequenceSet(), isImapError);
  });

  it('reads flags, and refuses \\* and the empty flag', () => {
    assert.deepEqual(over('(\\Seen $Forwarded work)').flagList(), ['\\Seen', '$Forwarded', 'work']);
    assert.deepEqual(over('()').flagList(), []);
    assert.throws(() => over('(\\*)').flagList(), isImapError);
    assert.throws(() => over('(\\)').flagList(), isImapError);
  });

  it('reads dates', () => {
    assert.equal(over('1-Feb-2026').date(), Date.UTC(2026, 1, 1));
    assert.equal(over('"29-feb-2024"').date(), Date.UTC(2024, 1, 29));
    assert.equal(over('" 5-Nov-2026 10:11:12 +0130"').dateTime(), Date.UTC(2026, 10, 5, 8, 41, 12));
    for (const wrong of ['30-Feb-2026', '1-Foo-2026', '2026-01-01', '1-Jan-26']) assert.throws(() => over(wrong).date(), isImapError);
    for (const wrong of ['"5-Nov-2026 24:00:00 +0000"', '"5-Nov-2026"', '5-Nov-2026']) assert.throws(() => over(wrong).dateTime(), isImapError);
  });

  it('bounds the depth of nested lists', () => {
    const nest = (cursor: Cursor): unknown => cursor.list(() => (cursor.isNext('(') ? nest(cursor) : cursor.atom()));
    assert.throws(() => nest(over('('.repeat(10_000))), isImapError);
  });

  it('never throws anything but ImapError, and always moves on or throws', () => {
    const readers: readonly ((cursor: Cursor) => unknown)[] = [
      (c) => c.atom(),
      (c) => c.astring(),
      (c) => c.nstring(),
      (c) => c.number(),
      (c) => c.number64(),
      (c) => c.mailbox(),
      (c) => c.mailboxPattern(),
      (c) => c.flagList(),
      (c) => c.sequenceSet(),
      (c) => c.dateTime(),
      (c) => c.date(),
      (c) => c.list(() => c.astring(), true),
      (c) => c.wordUntil('[<('),
      (c) => c.space(),
      (c) => c.end(),
    ];
    const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 30 });
    const syntax = fc.string({ unit: fc.constantFrom('(', ')', '"', '\\', ' ', '*', ':', ',', '1', 'a', '&', '-', '$', '\x80'), maxLength: 30 });
    const piece = fc.oneof(text, syntax).map((bytes): Piece => ({ bytes: Buffer.from(bytes, 'latin1'), isBinary: bytes.length % 5 === 0 }));
    fc.assert(
      fc.property(
        fc.oneof(text, syntax),
        fc.array(piece, { maxLength: 2 }),
        fc.array(fc.nat(readers.length - 1), { maxLength: 8 }),
        fc.boolean(),
        (start, literals, order, isUtf8) => {
          const cursor = new Cursor([start, ...literals.flatMap((one): Piece[] => [one, ' rest'])], { isUtf8 });
          try {
            for (const index of order) readers[index]?.(cursor);
          } catch (error) {
            if (!(error instanceof ImapError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reads back what the writer wrote', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((word) => !word.includes('\0') && word.isWellFormed());
    fc.assert(
      fc.property(words, (word) => {
        for (const written of [quotedUtf8(word), quoted(word)]) {
          const match = /^\{\d+\}\r\n/.exec(written);
          const pieces: Piece[] = match ? ['', { bytes: Buffer.from(written.slice(match[0].length), 'latin1'), isBinary: false }, ''] : [written];
          assert.equal(new Cursor(pieces).astring(), word);
        }
      }),
    );
  });

  it('reads back the sets that it writes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (numbers) => {
        const ascending = numbers.toSorted((a, b) => a - b);
        const read = over(writeSet(ascending)).sequenceSet();
        assert.deepEqual(
          read.ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
          ascending,
        );
      }),
    );
  });
});

describe('mailbox names on the wire', () => {
  it('survive modified UTF-7', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
        const wire = encodeUtf7(name);
        assert.match(wire, /^[\x20-\x7e]*$/);
        assert.equal(decodeUtf7(wire), name);
      }),
    );
  });

  it('are what RFC 3501 §5.1.3 shows', () => {
    assert.equal(encodeUtf7('~peter/mail/台北/日本語'), '~peter/mail/&U,BTFw-/&ZeVnLIqe-');
    assert.equal(decodeUtf7('~peter/mail/&U,BTFw-/&ZeVnLIqe-'), '~peter/mail/台北/日本語');
    for (const wrong of ['&', '&a', '&Jjo!-', '&2AA-', 'a & b']) assert.equal(decodeUtf7(wrong), undefined);
  });

  it('know INBOX in any case, also as a level above', () => {
    assert.equal(canonicalName('inBox'), 'INBOX');
    assert.equal(canonicalName('inbox/Work'), 'INBOX/Work');
    assert.equal(canonicalName('inboxes'), 'inboxes');
  });
});
