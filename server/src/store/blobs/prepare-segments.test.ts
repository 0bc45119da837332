import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openForWriting } from '../open.ts';
import { sql } from '../sql.ts';

test('segments of threads that do not come back are sealed; the others stay open', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-segments-'));
  try {
    {
      using connection = openForWriting(directory);
      for (const [segment, owner] of [
        [1, 'protocol-0'],
        [2, 'protocol-7'],
        [3, 'writer'],
      ] as const)
        connection.run(sql`INSERT INTO segment (segment, owner, size) VALUES (${segment}, ${owner}, 0)`);
    }
    assert.deepEqual(states(directory, undefined), ['open', 'open', 'open'], 'who will come is not known: nothing is sealed');
    assert.deepEqual(states(directory, ['main', 'protocol-0']), ['open', 'sealed', 'open']);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

function states(directory: string, owners: readonly string[] | undefined): readonly string[] {
  using connection = openForWriting(directory, owners);
  return connection.rows<[string]>(sql`SELECT state FROM segment ORDER BY segment`).map(([state]) => state);
}
