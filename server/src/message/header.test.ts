import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIELD_LIMIT, Header, withCrlf } from './header.ts';

test('fields are found by name without case, values are unfolded', () => {
  const header = headerOf('Subject: one\r\n two\r\nX-Odd:3\r\nSUBJECT : four\r\n\r\nbody: no');
  assert.deepEqual(header.all('subject'), ['one two', 'four']);
  assert.equal(header.first('x-odd'), '3');
  assert.equal(header.first('body'), undefined);
  assert.equal(header.countOf('subject'), 2);
  assert.deepEqual([header.nameAt(0), header.nameAt(1), header.rawAt(0).toString()], ['subject', 'x-odd', 'Subject: one\r\n two\r\n']);
});

test('lines that are no field are passed over', () => {
  const header = headerOf('From sender@example.com Mon Jan 1\n folded\nno colon\n: no name\nName with spaces: x\nTo: a@b\n');
  assert.deepEqual(fieldsOf(header), [['to', 'a@b']]);
});

test('octets of UTF-8 at the ends of a value are kept', () => {
  // Its last octet, 0xA0, is a space for JavaScript.
  const header = new Header(Buffer.from('Subject: voilà\r\n'));
  assert.equal(Buffer.from(header.first('subject') ?? '', 'latin1').toString(), 'voilà');
});

test('only so many fields are indexed', () => {
  assert.equal(headerOf('A: b\r\n'.repeat(FIELD_LIMIT + 10)).count, FIELD_LIMIT);
});

test('listing fields keep their order and get CRLF', () => {
  const header = headerOf('Received: x\nSubject: a\n b\nTo: c\nX-Other: d\nDate: e');
  assert.equal(header.listingFields(1000).toString(), 'Subject: a\r\n b\r\nTo: c\r\nDate: e\r\n');
  assert.equal(header.listingFields(13).toString(), 'To: c\r\nDate: e\r\n');
});

test('every header is indexed without errors, and each field lies in its place', () => {
  const piece = fc.constantFrom('Subject', 'x', ':', ': ', ' ', '\t', '\r\n', '\n', '\r', '\0', '\xe9', 'To');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');
      const header = new Header(bytes);
      for (let i = 0; i < header.count; i++) {
        assert.match(header.nameAt(i), /^[!-9;-~]+$/);
        assert.ok(header.rawAt(i).toString('latin1').toLowerCase().startsWith(header.nameAt(i)));
        assert.doesNotMatch(header.valueAt(i), /[\r\n]/);
      }
      assert.doesNotMatch(header.listingFields(1000).toString('latin1'), /(?:^|[^\r])\n|[^\n]$/);
    }),
  );
});

test('withCrlf completes line ends and changes nothing else', () => {
  assert.equal(withCrlf(Buffer.from('a\nb\r\nc')).toString(), 'a\r\nb\r\nc\r\n');
  assert.equal(withCrlf(Buffer.from('a\r')).toString(), 'a\r\n');
  const whole = Buffer.from('a\r\n');
  assert.equal(withCrlf(whole), whole);
});

function headerOf(text: string): Header {
  return new Header(Buffer.from(text, 'latin1'));
}

function fieldsOf(header: Header): unknown {
  return Array.from({ length: header.count }, (_, i) => [header.nameAt(i), header.valueAt(i)]);
}
