import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ImapError } from '../command.ts';
import { Cursor } from '../wire/cursor.ts';
import { type FetchRequest, noItems, parseFetchRequest, type SectionItem } from './request.ts';

function parse(text: string): FetchRequest {
  return parseFetchRequest(new Cursor([text]));
}

function itemsOf(text: string): string[] {
  return Object.entries(parse(text).items)
    .filter(([, isAsked]) => isAsked)
    .map(([name]) => name);
}

function sectionsOf(text: string): readonly SectionItem[] {
  return parse(text).sections;
}

test('macros stand for their items', () => {
  deepEqual(itemsOf('FAST'), ['flags', 'size', 'internalDate']);
  deepEqual(itemsOf('all'), ['flags', 'size', 'internalDate', 'envelope']);
  deepEqual(itemsOf('FULL'), ['flags', 'size', 'internalDate', 'envelope', 'body']);
});

test('items may stand alone or in a list', () => {
  deepEqual(itemsOf('flags'), ['flags']);
  deepEqual(itemsOf('(UID RFC822.SIZE EMAILID THREADID SAVEDATE PREVIEW (LAZY) BODYSTRUCTURE BODY)'), [
    'uid',
    'size',
    'emailId',
    'saveDate',
    'threadId',
    'preview',
    'body',
    'bodyStructure',
  ]);
});

test('a section keeps its part numbers, its fields and its partial range', () => {
  deepEqual(sectionsOf('BODY.PEEK[1.2.HEADER.FIELDS (From "X Y")]<0.100>'), [
    {
      kind: 'body',
      section: { part: [1, 2], text: 'header-fields', fields: ['From', 'X Y'] },
      setsSeen: false,
      partial: { offset: 0, length: 100 },
      label: 'BODY[1.2.HEADER.FIELDS (From "X Y")]<0>',
    },
  ]);
  deepEqual(
    sectionsOf('(BODY[] BODY[text] BODY[3.mime] BINARY[1]<5.6> BINARY.SIZE[2.1] RFC822 RFC822.HEADER)').map(({ label, setsSeen }) => [label, setsSeen]),
    [
      ['BODY[]', true],
      ['BODY[TEXT]', true],
      ['BODY[3.MIME]', true],
      ['BINARY[1]<5>', true],
      ['BINARY.SIZE[2.1]', false],
      ['RFC822', true],
      ['RFC822.HEADER', false],
    ],
  );
});

test('CHANGEDSINCE asks for MODSEQ too', () => {
  deepEqual(parse('(FLAGS) (CHANGEDSINCE 12345 VANISHED)'), {
    items: { ...noItems(), flags: true, modseq: true },
    sections: [],
    changedSince: 12345,
    vanished: true,
  });
});

test('what is no FETCH item is refused', () => {
  for (const text of [
    '',
    '()',
    '(FLAGS',
    'FLAGS)',
    'NONSENSE',
    'BODY[',
    'BODY[0]',
    'BODY[1.]',
    'BODY[MIME]',
    'BODY[HEADER.FIELDS]',
    'BODY[HEADER.FIELDS ()]',
    'BODY[]<1>',
    'BODY[]<1.0>',
    'BINARY[TEXT]',
    'BINARY.SIZE[1]<0.1>',
    '(FLAGS ALL)',
    'FLAGS (CHANGEDSINCE)',
    'FLAGS (WHAT 1)',
    'FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)',
    'PREVIEW (EAGER)',
    '(PREVIEW (EAGER))',
    'FLAGS UID',
  ])
    throws(() => parse(text), ImapError, text);
});

test('a reply repeats the names of header fields in octets, none of which is a line end', () => {
  const utf8 = Buffer.from('BODY[HEADER.FIELDS ("\u010aX \u{1f600}")]', 'utf8').toString('latin1');
  deepEqual(
    sectionsOf(utf8).map(({ label }) => label),
    [utf8],
  );
});
