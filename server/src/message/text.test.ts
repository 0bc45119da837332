import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unflow } from './flowed.ts';
import { fold } from './fold.ts';
import { htmlToText } from './html-text.ts';
import { parseMessage } from './parse.ts';
import { PREVIEW_LIMIT } from './preview.ts';
import { prepareMessage } from './prepare.ts';
import { decodeStructure, encodeStructure } from './structure.ts';
import { searchableHeader, searchableText } from './text.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('HTML becomes the text that a reader sees', () => {
  const cases: Record<string, string> = {
    '<p>Hello,&nbsp;<b>wor</b>ld &amp; all</p><p>next</p>': 'Hello,\u00a0world & all\nnext',
    '<html><head><title>no</title><style>p{}</style></head><body>yes<br>line<script>x("</p>")</script></body>': 'yes\nline',
    'a < b <!-- no --> c <!DOCTYPE x> d': 'a < b c d',
    '<a href="x>y">link</a>': 'link',
    '<td>one</td><td>two</td>': 'one two',
    'za&#380;&#xF3;&#322;&cacute; &#150; &unknown; &#0;': 'zażółć – &unknown; \uFFFD',
    '<img alt="x"\n>after': 'after',
    '<p': '',
    '<script>never closed': '',
    '<!-- never closed': '',
    '<a href="never closed>text': 'text',
  };
  for (const [html, text] of Object.entries(cases)) assert.equal(htmlToText(html), text, html);
});

test('no HTML makes it throw or dawdle', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('<', '>', '<p', '"', "'", '=', '&', '#', ';', 'x', ' ', '<!--', '-->', '<script', '</script', '/'), { maxLength: 60 }),
      (pieces) => void htmlToText(pieces.join('')),
    ),
  );
  for (const piece of ['<', '<a ', '<a b="', "<a b='", '<!--', '<script>', '<style></', '&', '&#', '<p>', '</', '<!', ' <']) {
    assertLinear(piece, 20_000, (size) => htmlToText(piece.repeat(size)));
  }
});

test('flowed lines are joined', () => {
  assert.equal(
    unflow('one \r\ntwo\r\n> quoted \r\n> more\r\n>> deep \r\nplain\r\n From\r\n-- \r\nme', false),
    'one two\n> quoted more\n>> deep \nplain\nFrom\n-- \nme',
  );
  assert.equal(unflow('zażół \nć', true), 'zażółć');
});

test('folding takes the same for the same', () => {
  assert.equal(fold('ZAŻÓŁĆ Gęślą JAŹŃ'), 'zazolc gesla jazn');
  assert.equal(fold('Straße STRASSE ẞ Æther œuvre Þór Đặng'), 'strasse strasse ss aether oeuvre thor dang');
  assert.equal(fold('ﬁ Ⅳ ½ Å'), fold('fi iv 1⁄2 A\u030a'));
  assert.equal(fold('ΟΔΟΣ'), fold('οδος'));
  assert.equal(fold('İstanbul'), 'istanbul');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(fold(fold(text)), fold(text))),
    { numRuns: 2000 },
  );
});

test('search sees texts, attached messages and names of attachments, and no markup', () => {
  const message = Buffer.from(
    [
      'Subject: =?utf-8?Q?za=C5=BC?=',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=iso-8859-2; format=flowed',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '=B3=F3d=BC=20',
      'and more',
      '--b',
      'Content-Type: text/html',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('<p>mark<b>up</b></p>').toString('base64'),
      '--b',
      'Content-Type: application/pdf; name="=?utf-8?Q?za=C5=82.pdf?="',
      'Content-Transfer-Encoding: base64',
      '',
      'c2VjcmV0',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Subject: inner',
      '',
      'inner text',
      '--b--',
    ].join('\r\n'),
  );
  assert.equal(
    searchableText(decodeStructure(encodeStructure(parseMessage(message).root)), message),
    'łódź and more\nmarkup\nzał.pdf\nsubject: inner\ninner text',
  );
  assert.equal(searchableHeader(message), 'subject: zaż\ncontent-type: multipart/mixed; boundary=b');
});

test('the preview is the first new words', () => {
  assert.equal(preview('text/plain', '> quoted\r\n> more\r\n\r\nMy   answer\r\nhere.\r\n-- \r\nSignature\r\n'), 'My answer here.');
  assert.equal(preview('text/plain', '> only quoted\r\n'), '> only quoted');
  assert.equal(preview('text/html', '<style>x</style><div>Big&nbsp;&zwnj;&zwnj; <b>sale</b></div>'), 'Big sale');
  assert.equal(preview('multipart/alternative; boundary=b', '--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>real</p>\r\n--b--\r\n'), 'real');
  assert.equal(
    preview(
      'multipart/mixed; boundary=b',
      '--b\r\nContent-Type: text/html\r\n\r\n<p>real</p>\r\n--b\r\nContent-Type: text/plain; name=log.txt\r\n\r\nlog\r\n--b--\r\n',
    ),
    'real',
  );
  assert.equal(preview('application/pdf', 'x'), '');
  const long = preview('text/plain; charset=utf-8', `${'x'.repeat(PREVIEW_LIMIT - 1)}😀 more`);
  assert.equal(long, 'x'.repeat(PREVIEW_LIMIT - 1));
});

function preview(type: string, body: string): string {
  return prepareMessage(Buffer.from(`Content-Type: ${type}\r\n\r\n${body}`)).preview;
}
