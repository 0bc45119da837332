import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SyncThread } from './sync-thread.ts';

test('files are synced one after the other, also those that are asked for before the thread has started', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-sync-'));
  const descriptor = fs.openSync(path.join(directory, 'file'), 'w+');
  const sync = new SyncThread();
  try {
    for (let round = 0; round < 50; round++) {
      fs.writeSync(descriptor, `round ${round}`);
      sync.begin(descriptor);
      sync.wait();
      // Nothing is left to wait for.
      sync.wait();
      if (round === 10) await started();
    }
  } finally {
    await sync[Symbol.asyncDispose]();
    fs.closeSync(descriptor);
    fs.rmSync(directory, { recursive: true });
  }
});

test('a failed sync is told once, with its code, and the next one is a new one', async () => {
  await using sync = new SyncThread();
  // A pipe cannot be synced: EINVAL.
  const [reader, writer] = pipe();
  try {
    for (let round = 0; round < 3; round++) {
      sync.begin(writer);
      assert.throws(
        () => sync.wait(),
        (error) => error instanceof Error && 'code' in error && error.code === 'EINVAL',
      );
      assert.doesNotThrow(() => sync.wait());
      // The first round is before the thread has started, the others are its own.
      await started();
    }
  } finally {
    fs.closeSync(reader);
    if (writer !== reader) fs.closeSync(writer);
  }
});

/** Long enough for a thread to begin; the first test covers both sides of it. */
async function started(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
}

/** A descriptor that is no file. */
function pipe(): readonly [number, number] {
  const descriptor = fs.openSync('/proc/self/fd', 'r');
  return [descriptor, descriptor];
}
