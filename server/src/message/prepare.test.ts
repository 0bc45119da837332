import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { prepareMessage } from './prepare.ts';
import { LISTED_HEADER_BYTES } from './prepared.ts';
import { decodeStructure } from './structure.ts';
import { searchableText } from './text.ts';
import { threadHashes } from './thread-keys.ts';
import { assertLinear, processorTimeUs } from '../../test/support/growth.ts';

test('everything that is kept of a message is worked out at once', () => {
  const message = Buffer.from(
    [
      'Received: from somewhere',
      'Date: Mon, 23 Nov 2026 12:00:00 +0100',
      'From: =?utf-8?Q?J=C3=B3zef?= <jozef@example.com>',
      'To: anna@example.com',
      'Subject: Odp: =?utf-8?Q?Za=C5=BC=C3=B3=C5=82=C4=87?=',
      'Message-ID: <2@example.com>',
      'In-Reply-To: <1@example.com>',
      'References: <0@example.com> <1@example.com>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Cześć!',
      '--b',
      'Content-Type: application/pdf; name=a.pdf',
      'Content-Transfer-Encoding: base64',
      '',
      'JVBERg==',
      '--b--',
      '',
    ].join('\r\n'),
  );
  const { envelope, bodyStructure, structure, fields, ...rest } = prepareMessage(message);
  const key = 'zazolc';
  assert.deepEqual(rest, {
    sizeBytes: message.length,
    headerBytes: message.indexOf('\r\n\r\n') + 4,
    preview: 'Cześć!',
    subjectKey: key,
    sentAtMs: Date.UTC(2026, 10, 23, 11),
    hasAttachment: true,
    threadHashes: threadHashes('2@example.com', ['0@example.com', '1@example.com'], [], key),
  });
  assert.match(Buffer.from(envelope).toString(), /^\("Mon, 23 Nov 2026 12:00:00 \+0100" "Odp: =\?utf-8/);
  assert.match(Buffer.from(bodyStructure).toString(), /^\(\("text" "plain" .*\("application" "pdf" .* "mixed" /);
  assert.equal(decodeStructure(structure).children.length, 2);
  assert.equal(Buffer.from(fields).toString(), `${message.toString().slice(message.indexOf('Date'), message.indexOf('\r\n\r\n'))}\r\n`);
});

test('an empty message is a message', () => {
  assert.deepEqual(prepareMessage(Buffer.alloc(0)), {
    sizeBytes: 0,
    headerBytes: 0,
    envelope: Buffer.from('(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'),
    bodyStructure: Buffer.from('("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)'),
    structure: prepareMessage(Buffer.alloc(0)).structure,
    fields: Buffer.alloc(0),
    preview: '',
    subjectKey: '',
    sentAtMs: undefined,
    hasAttachment: false,
    threadHashes: [],
  });
});

test('of a header up to LISTED_HEADER_BYTES every listing field is kept', () => {
  const many = Buffer.from(`${'a:\n'.repeat((LISTED_HEADER_BYTES - 20) / 3)}Subject: last\n\n`);
  assert.equal(Buffer.from(prepareMessage(many).fields).toString(), 'Subject: last\r\n');
  const long = Buffer.from(`To: ${'x\n '.repeat((LISTED_HEADER_BYTES - 20) / 3)}\nSubject: last\n\n`);
  assert.match(Buffer.from(prepareMessage(long).fields).toString(), /^To: x[^]*Subject: last\r\n$/);
});

test('an attachment is what people call so', () => {
  const part = (fields: string): boolean =>
    prepareMessage(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n${fields}\r\n\r\nx\r\n--b--\r\n`)).hasAttachment;
  assert.deepEqual(
    {
      pdf: part('Content-Type: application/pdf'),
      namedText: part('Content-Type: text/plain; name=log.txt'),
      attachedText: part('Content-Type: text/plain\r\nContent-Disposition: attachment'),
      forwarded: part('Content-Type: message/rfc822'),
      inlinePicture: part('Content-Type: image/png; name=x.png\r\nContent-ID: <x>\r\nContent-Disposition: inline'),
      picture: part('Content-Type: image/png; name=x.png'),
      html: part('Content-Type: text/html'),
      signature: part('Content-Type: application/pgp-signature; name=signature.asc'),
      report: part('Content-Type: message/delivery-status'),
    },
    { pdf: true, namedText: true, attachedText: true, forwarded: true, inlinePicture: false, picture: true, html: false, signature: false, report: false },
  );
});

test('no octets make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      prepareMessage(bytes);
    }),
    { numRuns: 500 },
  );
});

test('hostile messages take time in proportion to their size', () => {
  const fields = [
    'From',
    'Subject',
    'Date',
    'Message-ID',
    'References',
    'Content-Type',
    'Content-Disposition',
    'Content-Transfer-Encoding',
    'Content-Language',
    'Content-Location',
  ];
  const pieces = [
    '"',
    '\\',
    '"\\',
    '(',
    ')',
    '<',
    '>',
    '@',
    '[',
    ']',
    ';',
    ',',
    ':',
    '=?',
    '=?a?q?',
    '=?a?q?b?= ',
    ' ',
    ' \t',
    'a ',
    'a@b ',
    'a b, ',
    'Re: ',
    '(fwd)',
    '[a]',
    'a*0=b;',
    "a*='';",
    '\xff',
    '\0',
    '\r',
    '\r\n ',
    '=',
    '?',
    '<"',
    'a:;',
    '(\\',
    '"" ',
  ];
  for (const field of fields) {
    for (const piece of pieces) {
      const start = `${field}: ${field.startsWith('Content-D') || field === 'Content-Type' ? 'a/b; ' : ''}`;
      inProportion(`${field} of ${JSON.stringify(piece)}`, (size) =>
        prepareMessage(Buffer.from(`${start}${piece.repeat(size / piece.length)}\r\n\r\n`, 'latin1')),
      );
    }
  }
  for (const type of [
    'text/plain',
    'text/plain; format=flowed; delsp=yes',
    'text/html',
    'text/html; charset=iso-2022-jp',
    'text/plain; charset=utf-7',
    'text/plain; charset=utf-8',
  ]) {
    for (const encoding of ['7bit', 'quoted-printable', 'base64', 'x-uuencode']) {
      for (const piece of [
        '<',
        '<a ',
        "<a b='",
        '<!--',
        '<script>',
        '&',
        '&#',
        '=',
        '= ',
        ' ',
        '\t\r\n',
        '> ',
        '-- \r\n',
        'a \r\n',
        '\x1b$B',
        '+',
        '\xff',
        '\0',
        'begin 644 x\r\n',
        'M',
      ]) {
        const start = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
        inProportion(`${type} ${encoding} of ${JSON.stringify(piece)}`, (size) => {
          const message = Buffer.from(`${start}${piece.repeat(size / piece.length)}`, 'latin1');
          return searchableText(decodeStructure(prepareMessage(message).structure), message);
        });
      }
    }
  }
});

/** What costs next to nothing is not looked at closer: that much would be a thousand times dearer if it grew with the square. */
function inProportion(what: string, work: (size: number) => unknown): void {
  if (processorTimeUs(work, BIG) > SUSPICIOUS_US) assertLinear(what, BIG / 8, work);
}

const BIG = 100_000;
const SUSPICIOUS_US = 50_000;
