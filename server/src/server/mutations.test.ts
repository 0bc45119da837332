import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MUTATIONS } from './mutations.ts';

test('every mutation that is defined is registered with the writer, once', () => {
  const source = path.join(import.meta.dirname, '..');
  const files = fs.readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const defined = files.flatMap((name) =>
    [...fs.readFileSync(path.join(source, name), 'utf8').matchAll(/defineMutation(?:<[^(]*>)?\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''),
  );
  assert.deepEqual(
    MUTATIONS.map(({ name }) => name).toSorted((a, b) => (a < b ? -1 : 1)),
    defined.toSorted((a, b) => (a < b ? -1 : 1)),
  );
});
