import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findPosition } from './positions.ts';

const DOCUMENT = `# comment with [brackets] and key = 1
title = "a # b"   # comment
"quoted key" = 'x'
dotted . key = 1
[table]
long = """
[not.a.table]
key = 1 \\""" """""
literal = '''
]]'''
list = [1, [2, 3], # comment ]
  {inner = 4}]
inline = { a = 1, b.c = "}" }
[[many]]
one = 1
[many.sub]
two = 2
[[many]]
one = 3
`;

test('keys, lists, inline tables and arrays of tables are found', () => {
  const at = (...path: Array<string | number>): string => {
    const { line, column } = findPosition(DOCUMENT, path);
    return `${line}:${column}`;
  };
  assert.deepEqual(
    {
      title: at('title'),
      quoted: at('quoted key'),
      dotted: at('dotted', 'key'),
      table: at('table'),
      literal: at('table', 'literal'),
      nested: at('table', 'list', 1, 1),
      inner: at('table', 'list', 2, 'inner'),
      inline: at('table', 'inline', 'b', 'c'),
      sub: at('many', 0, 'sub', 'two'),
      second: at('many', 1, 'one'),
      missing: at('many', 1, 'nothing'),
      nowhere: at('nowhere'),
    },
    {
      title: '2:1',
      quoted: '3:1',
      dotted: '4:1',
      table: '5:1',
      literal: '9:1',
      nested: '11:16',
      inner: '12:4',
      inline: '13:19',
      sub: '17:1',
      second: '19:1',
      missing: '18:1',
      nowhere: '1:1',
    },
  );
});

test('any text is scanned to its end without an error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[\]{}"'=,.#a\n ]*$/)), (text) => {
      const { line, column } = findPosition(text, ['a']);
      assert.ok(line >= 1 && column >= 1);
    }),
  );
});
