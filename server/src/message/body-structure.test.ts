import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imapBodyStructure } from './body-structure.ts';
import { checkImapData, type ImapData } from './imap-data.fixture.ts';
import { parseMessage } from './parse.ts';

test('a text part, with everything that it can say', () => {
  assert.equal(
    structure(
      'Content-Type: text/x-mine; charset=us-ascii; foo="quoted\\"string"\r\nContent-ID: <foo@bar>\r\nContent-MD5: Q2hlY2s=\r\nContent-Disposition: inline; filename=x\r\n' +
        'Content-Language: en, fi, pl\r\nContent-Location: http://x/\r\n  y\r\nContent-Description: described\r\nContent-Transfer-Encoding: 8BIT\r\n\r\nhello\r\n',
    ),
    '("text" "x-mine" ("charset" "us-ascii" "foo" "quoted\\"string") "<foo@bar>" "described" "8bit" 7 1 "Q2hlY2s=" ("inline" ("filename" "x")) ("en" "fi" "pl") "http://x/y")',
  );
  assert.equal(structure('Subject: x\r\n\r\n'), '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)');
});

test('multiparts and messages hold their parts', () => {
  assert.equal(
    structure(
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n' +
        'Subject: in\r\n\r\ntext\r\n--b--\r\n',
    ),
    '(("application" "pdf" NIL NIL NIL "base64" 4 NIL NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" 19 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ' +
      '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)',
  );
});

test('an encoded message cannot be looked into', () => {
  assert.equal(
    structure('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==\r\n'),
    '("application" "octet-stream" NIL NIL NIL "base64" 18 NIL NIL NIL NIL)',
  );
});

test('whatever the message, the structure is well-formed', () => {
  const line = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary=a',
    'Content-Type: multipart/x"y; boundary=b',
    'Content-Type: message/rfc822; x="\\"\0"',
    'Content-Type: text/html; charset="\xff"',
    "Content-Type: image/png; name*0*=u''%; name*1=y",
    'Content-Disposition: ; filename="a\\\\"',
    'Content-Disposition: attachment',
    'Content-Language: en, pl,,',
    'Content-ID: {3}',
    '--a',
    '--b',
    '--a--',
    '',
    'text',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      body(checkImapData(imapBodyStructure(parseMessage(Buffer.from(lines.join('\r\n'), 'latin1')).root)));
    }),
    { numRuns: 1000 },
  );
});

/** RFC 9051 §9 `body`. */
function body(data: ImapData | undefined): void {
  assert.ok(Array.isArray(data));
  const list = data as readonly ImapData[];
  if (Array.isArray(list[0])) {
    const parts = list.findIndex((item) => !Array.isArray(item));
    assert.equal(list.length, parts + 5);
    for (const part of list.slice(0, parts)) body(part);
    assert.equal(typeof list[parts], 'string');
    return;
  }
  const [type, subtype, , , , encoding, size] = list;
  assert.deepEqual([typeof type, typeof subtype, typeof encoding, typeof size], ['string', 'string', 'string', 'number']);
  if (type === 'text') assert.equal(list.length, 12);
  else if (type === 'message' && subtype === 'rfc822') {
    assert.equal(list.length, 14);
    assert.equal((list[7] as readonly ImapData[]).length, 10);
    body(list[8]);
  } else assert.equal(list.length, 11);
}

function structure(message: string): string {
  return imapBodyStructure(parseMessage(Buffer.from(message, 'latin1')).root).toString('latin1');
}
