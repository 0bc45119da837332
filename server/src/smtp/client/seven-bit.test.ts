import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { toSevenBit } from './seven-bit.ts';

const TEXT = 'Zażółć gęślą jaźń.\r\n';

test('every 8-bit part of a nested message is encoded, and reads as before', async () => {
  const original = Buffer.from(
    [
      'From: a@capri.test',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=one',
      'Content-Transfer-Encoding: 8bit',
      '',
      '--one',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      TEXT,
      '--one',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: 8bit',
      'Content-Disposition: attachment; filename=x.bin',
      '',
      'ąć',
      '--one',
      'Content-Type: text/plain',
      '',
      'plain',
      '--one--',
      '',
    ].join('\r\n'),
  );
  const converted = toSevenBit(original) ?? assert.fail();
  assert.ok(isAscii(converted));
  const [before, after] = await Promise.all([simpleParser(original), simpleParser(converted)]);
  assert.equal(after.text, before.text);
  assert.deepEqual(
    after.attachments.map(({ content }) => content.toString()),
    before.attachments.map(({ content }) => content.toString()),
  );
});

test('a message without MIME fields gets what a reader needs, and a plain one stays as it is', () => {
  assert.equal(
    toSevenBit(Buffer.from('Subject: x\r\n\r\ną\r\n'))?.toString(),
    'Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C4=85\r\n',
  );
  const plain = 'Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n';
  assert.equal(toSevenBit(Buffer.from(plain))?.toString(), plain);
});

test('what is signed is never touched', () => {
  const signed = (text: string): string =>
    `Content-Type: multipart/signed; boundary=s; micalg=sha-256; protocol="application/pgp-signature"\r\n\r\n--s\r\n\r\n${text}\r\n--s\r\n\r\nx\r\n--s--\r\n`;
  assert.equal(toSevenBit(Buffer.from(signed('zażółć'))), undefined);
  assert.equal(toSevenBit(Buffer.from(`Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n${signed('ą')}--m--\r\n`)), undefined);
  const beside = toSevenBit(Buffer.from(`Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n${signed('plain')}\r\n--m\r\n\r\nżółć\r\n--m--\r\n`));
  assert.ok(beside?.includes(signed('plain')) && isAscii(beside));
});

test('any octets are converted without an error', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 500 }),
      fc.constantFrom('', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n', 'Content-Type: message/rfc822\r\n\r\n'),
      (bytes, start) => {
        toSevenBit(Buffer.concat([Buffer.from(start), bytes]));
      },
    ),
  );
});
