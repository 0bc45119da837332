/** `capri doctor` where it cannot look. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { needs } from '../support/outside.ts';
import { startServer } from '../support/server.ts';

test('a store that cannot be written to is not checked, and the answer says what to do', {
  ...needs({ name: 'root, to mount a directory', isThere: process.getuid?.() === 0 }),
  timeout: 60_000,
}, async () => {
  await using server = await startServer();
  assert.equal(await server.stop(), 0);
  assert.equal((await server.capri('doctor', '--store')).status, 0);
  const { directory } = server;
  assert.equal(spawnSync('mount', ['--bind', directory, directory]).status, 0);
  try {
    assert.equal(spawnSync('mount', ['-o', 'remount,bind,ro', directory]).status, 0);
    const { status, output } = await server.capri('doctor', '--store');
    assert.equal(status, 1);
    assert.match(output, /^capri: \S+ cannot be written to, which the check needs for its lock: copy it /);
  } finally {
    spawnSync('umount', ['-l', directory]);
  }
});
