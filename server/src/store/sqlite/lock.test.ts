import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import { lockDirectory } from './lock.ts';

test('a data directory has one server; kill -9 sets it free', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-lock-'));
  const script = `import { lockDirectory } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.ts'))};
    globalThis.held = lockDirectory(${JSON.stringify(directory)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    assert.throws(
      () => lockDirectory(directory),
      (error) => error instanceof DomainError && error.code === 'not-permitted' && error.message.includes('stop it first'),
    );
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  {
    using _ = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), DomainError);
  }
  lockDirectory(directory)[Symbol.dispose]();
  fs.rmSync(directory, { recursive: true });
});
