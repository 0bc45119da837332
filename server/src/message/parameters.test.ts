import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeParameter } from './encode-word.ts';
import { decodeParameter } from './parameter-text.ts';
import { parseValueWithParameters } from './parameters.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('parameters are read as they are written', () => {
  const cases: Record<string, [string, Record<string, string>]> = {
    'text/plain; charset=utf-8': ['text/plain', { charset: 'utf-8' }],
    'Text/HTML;CHARSET="US-ASCII" ; Name = "a \\"b\\" ; c"': ['text/html', { charset: 'US-ASCII', name: 'a "b" ; c' }],
    'attachment; filename=my report.pdf; size=3': ['attachment', { filename: 'my report.pdf', size: '3' }],
    'attachment (comment); (one) filename=a (two)': ['attachment', { filename: 'a' }],
    'inline; ; =x; y; filename="open': ['inline', { filename: 'open' }],
    '': ['', {}],
  };
  for (const [input, [value, parameters]] of Object.entries(cases)) {
    const parsed = parseValueWithParameters(input);
    assert.deepEqual([parsed.value, Object.fromEntries(parsed.parameters.map((p) => [p.name, p.value]))], [value, parameters], input);
  }
});

test('continuations are joined in their order, encoded ones keep their charset', () => {
  const plain = parseValueWithParameters('message/external-body; URL*1="b"; URL*0="a"; other=x; URL*3="lost"');
  assert.deepEqual(plain.parameters, [
    { name: 'other', value: 'x' },
    { name: 'url', value: 'ab' },
  ]);
  const encoded = parseValueWithParameters('attachment; filename*0*=utf-8\'pl\'za%C5%BC; filename*1*=%C3%B3; filename*2="%c.txt"');
  assert.deepEqual(encoded.parameters, [{ name: 'filename*', value: "utf-8'pl'za%C5%BC%C3%B3%25c.txt" }]);
  assert.equal(decodeParameter(encoded.parameters, 'filename'), 'zażó%c.txt');
});

test('file names are decoded from every form that mail uses', () => {
  const cases: Record<string, string> = {
    "a; filename*=iso-8859-2''%B1%e6": 'ąć',
    "a; filename=fallback.txt; filename*=UTF-8''%e2%82%ac": '€',
    'a; filename="=?utf-8?Q?za=C5=BC?="': 'zaż',
    'a; filename*=no%20charset': 'no charset',
    'a; filename=\xc5\xbc.txt': 'ż.txt',
    "a; filename*0*=utf-8''%C5; filename*1*=%BC": 'ż',
  };
  for (const [input, name] of Object.entries(cases)) assert.equal(decodeParameter(parseValueWithParameters(input).parameters, 'filename'), name, input);
});

test('what is encoded is read back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), (name) => {
      const clean = name.toWellFormed().replace(/\p{Cc}+/gu, ' ');
      const written = ['attachment', ...encodeParameter('filename', name)].join('; ');
      assert.match(written, /^[ -~]*$/);
      assert.equal(decodeParameter(parseValueWithParameters(written).parameters, 'filename'), clean);
    }),
  );
});

test('nothing makes it throw or dawdle', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '=', ';', '"', '\\', '*', '0', "'", '%', '(', ')', ' '), { maxLength: 80 }), (pieces) => {
      const { parameters } = parseValueWithParameters(pieces.join(''));
      for (const { name } of parameters) decodeParameter(parameters, name.replace(/\*$/, ''));
    }),
  );
  for (const piece of ['"', 'a*0=b;', '(', '\\"', 'a="']) assertLinear(piece, 20_000, (size) => parseValueWithParameters(`x;${piece.repeat(size)}`));
});
