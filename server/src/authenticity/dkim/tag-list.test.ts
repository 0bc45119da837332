import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBase64, parseNumber, parseTagList } from './tag-list.ts';

function values(text: string): Record<string, string> | undefined {
  const tags = parseTagList(text);
  return tags && Object.fromEntries([...tags].map(([name, { value }]) => [name, value]));
}

test('tags are read with the white space around names and values left out', () => {
  deepEqual(values(' v=1;\r\n\ta = rsa-sha256 ; h=from :\r\n to;'), { v: '1', a: 'rsa-sha256', h: 'from :\r\n to' });
  deepEqual(values('v=DKIM1;p='), { v: 'DKIM1', p: '' });
  deepEqual(values('p=a=b=='), { p: 'a=b==' });
});

test('a list with a tag twice, an empty tag or no name is no list', () => {
  for (const text of ['v=1; v=1', 'v=1;; a=b', 'v=1; =b', 'v=1; a', '', ';', ' ', 'v=1; 1a=b', 'a b=c']) equal(parseTagList(text), undefined, text);
});

test('the place of a value takes in the white space around it', () => {
  const text = 'v=1; b=\r\n\tabc= ; s=x';
  const b = parseTagList(text)?.get('b');
  equal(text.slice(b?.start, b?.end), '\r\n\tabc= ');
});

test('base64 may be folded, and nothing else passes for it', () => {
  equal(parseBase64('YW\r\n\tJj')?.toString(), 'abc');
  for (const text of ['', 'YWJ', 'YW-_', 'YWJj!', '====', 'Y=Jj', 'YQ=a']) equal(parseBase64(text), undefined, text);
});

test('numbers have digits only, and not too many', () => {
  equal(parseNumber('0012', 4), 12);
  for (const text of ['', '-1', '1.5', '1e3', '12345', ' 1']) equal(parseNumber(text, 4), undefined, text);
});

test('any text is a list or is not, and every value stands where it is said to', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-c =;\r\n\t\xff]*$/), (text) => {
      for (const { value, start, end } of parseTagList(text)?.values() ?? []) equal(text.slice(start, end).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''), value);
    }),
  );
});
