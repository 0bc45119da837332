import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTransfer, transferDecoder } from './transfer.ts';
import { encodeBase64, encodeQuotedPrintable, encodingFor } from './transfer-encode.ts';
import { TRANSFER_ENCODINGS, type TransferEncoding } from './transfer-encoding.ts';

test('quoted-printable is decoded as leniently as it is written', () => {
  const cases: Record<string, string> = {
    'a=20b=3D': 'a b=',
    'soft=\r\n break=\n here= \t\r\n!': 'soft break here!',
    'trailing  \t\r\nwhite \nspace ': 'trailing\r\nwhite\nspace',
    'lower =c5=82': 'lower \xc5\x82',
    'broken =G1 =4 =': 'broken =G1 =4 ',
    'raw \xff': 'raw \xff',
    'a\rb': 'a\rb',
  };
  for (const [input, expected] of Object.entries(cases)) assert.equal(decode(input, 'quoted-printable'), expected, JSON.stringify(input));
});

test('base64 is decoded as leniently as it is written', () => {
  const cases: Record<string, string> = {
    'aGVs\r\nbG8=\r\n': 'hello',
    aGVsbG8: 'hello',
    'aGVsbG8=aGVsbG8=': 'hellohello',
    'aGVs!*bG8 =': 'hello',
    '-_-_': '\xfb\xff\xbf',
    '====': '',
    aGVsb: 'hel',
    '': '',
  };
  for (const [input, expected] of Object.entries(cases)) assert.equal(decode(input, 'base64'), expected, JSON.stringify(input));
});

test('uuencode is read between its lines', () => {
  assert.equal(decode('text before\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nafter\r\n', 'uuencode'), 'Cat');
});

test('decoding in pieces gives what decoding at once gives', () => {
  const piece = fc.constantFrom(
    'a',
    '=',
    '=\r\n',
    '=\n',
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '=3D',
    '=C5',
    'QUJD',
    '==',
    ' '.repeat(1023),
    ' '.repeat(1025),
    'begin 644 x\n',
    '#0V%T\r\n',
    'end\n',
    '\xff',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...TRANSFER_ENCODINGS),
      (pieces, sizes, encoding) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        const decoder = transferDecoder(encoding);
        const out: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] as number;
          out.push(Buffer.from(decoder.write(bytes.subarray(at, at + size))));
          at += size;
        }
        out.push(decoder.end());
        assert.equal(Buffer.concat(out).toString('latin1'), Buffer.from(decodeTransfer(bytes, encoding)).toString('latin1'));
      },
    ),
    { numRuns: 3000 },
  );
});

test('what is encoded is decoded to the same, in short lines', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', ' ', '\t', '=', '\r\n', '\r', '\n', '.', 'F', 'From ', '\xff', '\0', 'long'.repeat(30)), { maxLength: 60 }),
      (pieces) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        for (const [encoded, encoding] of [[encodeQuotedPrintable(bytes), 'quoted-printable'] as const, [encodeBase64(bytes), 'base64'] as const]) {
          assert.equal(decodeTransfer(encoded, encoding).toString('latin1'), bytes.toString('latin1'));
          for (const line of encoded.toString('latin1').split('\r\n')) assert.match(line, /^[\t -~]{0,76}$/);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('the plainest encoding that carries the text is chosen', () => {
  const choose = (text: string, allowsEightBit = false): string => encodingFor(Buffer.from(text), allowsEightBit);
  assert.deepEqual(
    [
      choose('plain\r\n'),
      choose('Dzień dobry, przesyłam umowę do podpisu\r\n'),
      choose('Привет мир\r\n'),
      choose('zażółć\r\n', true),
      choose('x'.repeat(999)),
      choose('bare\n'),
      choose('nul\0'),
    ],
    ['7bit', 'quoted-printable', 'base64', '8bit', 'quoted-printable', 'quoted-printable', 'quoted-printable'],
  );
});

function decode(text: string, encoding: TransferEncoding): string {
  return decodeTransfer(Buffer.from(text, 'latin1'), encoding).toString('latin1');
}
