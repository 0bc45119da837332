import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imapEnvelope } from './envelope.ts';
import { Header } from './header.ts';
import { checkImapData } from './imap-data.fixture.ts';

test('the envelope of an ordinary message', () => {
  assert.equal(
    envelope(
      'Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\nFrom: Fred Foobar <foobar@Blurdybloop.COM>\r\nSubject: afternoon\r\n meeting\r\nTo: mooch@owatagu.siam.edu\r\nMessage-Id: <B27397-0100000@Blurdybloop.COM>\r\n',
    ),
    '("Mon, 7 Feb 1994 21:52:25 -0800 (PST)" "afternoon meeting" (("Fred Foobar" NIL "foobar" "Blurdybloop.COM")) (("Fred Foobar" NIL "foobar" "Blurdybloop.COM")) ' +
      '(("Fred Foobar" NIL "foobar" "Blurdybloop.COM")) ((NIL NIL "mooch" "owatagu.siam.edu")) NIL NIL NIL "<B27397-0100000@Blurdybloop.COM>")',
  );
});

test('groups, routes and addresses without a domain', () => {
  assert.equal(
    envelope('To: team: a@x, "B \\"b\\"" <b@y>;, <@r1,@r2:c@z>, root\r\nSender: \r\n'),
    '(NIL NIL NIL NIL NIL ((NIL NIL "team" NIL)(NIL NIL "a" "x")("B \\"b\\"" NIL "b" "y")(NIL NIL NIL NIL)(NIL "@r1,@r2" "c" "z")(NIL NIL "root" "")) NIL NIL NIL NIL)',
  );
});

test('encoded words stay encoded, raw octets go out as UTF-8 literals, NUL not at all', () => {
  assert.equal(envelope('Subject: =?utf-8?Q?=C5=82?= "x\\"\r\n'), '(NIL "=?utf-8?Q?=C5=82?= \\"x\\\\\\"" NIL NIL NIL NIL NIL NIL NIL NIL)');
  assert.equal(envelope('Subject: \xc5\x82\0\r\n'), '(NIL {2}\r\n\xc5\x82 NIL NIL NIL NIL NIL NIL NIL NIL)');
  assert.equal(envelope('Subject: \xb3\r\n'), '(NIL {2}\r\n\xc2\xb3 NIL NIL NIL NIL NIL NIL NIL NIL)');
});

test('a text that is too long is cut between two characters', () => {
  const long = envelope(`Subject: a${'\xc5\x82'.repeat(5000)}\r\n`);
  assert.match(long, /^\(NIL \{8191\}\r\na(?:\xc5\x82){4095} NIL/);
});

test('repeated address fields count together, of other fields the first', () => {
  assert.equal(envelope('Subject: a\r\nSubject: b\r\nCc: x@a\r\nCc: y@b\r\n'), '(NIL "a" NIL NIL NIL NIL ((NIL NIL "x" "a")(NIL NIL "y" "b")) NIL NIL NIL)');
});

test('whatever the header holds, the envelope is well-formed', () => {
  const name = fc.constantFrom('From', 'To', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'Reply-To');
  const value = fc.array(fc.constantFrom('a', '@', '<', '>', '"', '\\', '(', ')', ',', ';', ':', ' ', '\r\n ', '\0', '\r', '\xff', '\xc5\x82', '{3}'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (fields) => {
      const text = fields.map(([field, pieces]) => `${field}: ${pieces.join('')}\r\n`).join('');
      const data = checkImapData(imapEnvelope(new Header(Buffer.from(text, 'latin1'))));
      assert.ok(Array.isArray(data) && data.length === 10);
      for (const i of [2, 3, 4, 5, 6, 7]) {
        const list = data[i];
        assert.ok(list === null || (Array.isArray(list) && list.length > 0 && list.every((address) => Array.isArray(address) && address.length === 4)));
      }
    }),
    { numRuns: 1000 },
  );
});

function envelope(header: string): string {
  return imapEnvelope(new Header(Buffer.from(header, 'latin1'))).toString('latin1');
}
