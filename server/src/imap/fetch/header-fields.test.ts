import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CollectingWriter } from '../../../test/support/collecting-writer.ts';
import { EMPTY_BATCH, Octets } from '../rows/batch.ts';
import { FieldFilter } from './header-fields.ts';
import { Output } from './output.ts';

const HEADER = 'From: a@b\r\nSubject: one\r\n two\r\nX-Other: 1\r\nTo : c@d\r\nno field\r\nsubject: again\r\n\r\nSubject: body\r\n';

function written(filter: FieldFilter, blocks: readonly string[], partial?: { offset: number; length: number }): string {
  const writer = new CollectingWriter();
  const output = new Output(writer);
  filter.writeBlocks(
    output,
    blocks.map((block) => Buffer.from(block, 'latin1')),
    partial,
  );
  output.handOver();
  return writer.text;
}

/** As the second of three rows. */
function fromRow(filter: FieldFilter, fields: string): string {
  const writer = new CollectingWriter();
  const output = new Output(writer);
  const bytes = Buffer.from(`From: other\r\n${fields}From: other\r\n`, 'latin1');
  const starts = Uint32Array.of(0, 13, 13 + fields.length, bytes.length);
  filter.write(output, { ...EMPTY_BATCH, count: 3, fields: new Octets(bytes, starts), prefix: new Octets(bytes, new Uint32Array(4)) }, 1, undefined);
  output.handOver();
  return writer.text;
}

function asLiteral(text: string): string {
  return `{${text.length}}\r\n${text}`;
}

test('the wanted fields come with their folded lines, whatever their case, and an empty line', () => {
  equal(written(new FieldFilter(['SUBJECT', 'to'], false), [HEADER]), asLiteral('Subject: one\r\n two\r\nTo : c@d\r\nsubject: again\r\n\r\n'));
});

test('HEADER.FIELDS.NOT sends the other fields', () => {
  equal(written(new FieldFilter(['subject', 'To'], true), [HEADER]), asLiteral('From: a@b\r\nX-Other: 1\r\n\r\n'));
});

test('a prefix comes before the fields of the message', () => {
  equal(
    written(new FieldFilter(['Return-Path', 'From'], false), ['Return-Path: <x@y>\r\nDelivered-To: z\r\n', HEADER]),
    asLiteral('Return-Path: <x@y>\r\nFrom: a@b\r\n\r\n'),
  );
});

test('fields that are not there leave the empty line', () => {
  equal(written(new FieldFilter(['Bcc'], false), ['', HEADER]), asLiteral('\r\n'));
  equal(written(new FieldFilter(['Bcc'], false), []), asLiteral('\r\n'));
});

test('a partial range is cut out of the filtered text', () => {
  equal(written(new FieldFilter(['From'], false), [HEADER], { offset: 4, length: 5 }), asLiteral(': a@b'));
  equal(written(new FieldFilter(['From'], false), [HEADER], { offset: 400, length: 5 }), asLiteral(''));
});

test('only fields kept in the row make a listing', () => {
  equal(new FieldFilter(['From', 'SUBJECT'], false).isListing, true);
  equal(new FieldFilter(['From', 'X-Unusual'], false).isListing, false);
  equal(new FieldFilter(['From'], true).isListing, false);
});

test('filtering is what a plain filter over lines does', () => {
  const name = fc.constantFrom('From', 'to', 'SUBJECT', 'X-A', 'Date');
  const line = fc.tuple(name, fc.constantFrom('', ' x', ' x\r\n y', ' \r\n\tz', ': ')).map(([field, value]) => `${field}:${value}\r\n`);
  fc.assert(
    fc.property(fc.array(line), fc.array(name), fc.boolean(), (lines, names, isNot) => {
      const wanted = names.map((each) => each.toLowerCase());
      const expected = lines.filter((each) => wanted.includes((each.split(':')[0] ?? '').toLowerCase()) !== isNot).join('');
      equal(written(new FieldFilter(names, isNot), [lines.join('')]), asLiteral(`${expected}\r\n`));
      equal(fromRow(new FieldFilter(names, isNot), lines.join('')), asLiteral(`${expected}\r\n`));
    }),
  );
});
