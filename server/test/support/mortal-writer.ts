/** A writer thread that dies when a file `die-writer` appears in the data directory: for tests of what follows. */
import fs from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import '#server/writer-thread.ts';
import type { WriterThreadData } from '#store/sqlite/run-writer.ts';

const trigger = path.join((workerData as WriterThreadData).directory, 'die-writer');

setInterval(() => {
  if (!fs.existsSync(trigger)) return;
  fs.rmSync(trigger);
  throw new Error('died as it was told');
}, 20).unref();
