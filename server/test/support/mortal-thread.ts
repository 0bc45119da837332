/** A protocol thread that dies when a file `die-INDEX` appears in the data directory: for tests of what follows. */
import fs from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import '#server/protocol-thread.ts';
import type { ProtocolThreadData } from '#server/thread-messages.ts';

const { index, config } = workerData as ProtocolThreadData;
const trigger = path.join(config.server.dataDirectory, `die-${index}`);

setInterval(() => {
  if (!fs.existsSync(trigger)) return;
  fs.rmSync(trigger);
  throw new Error('died as it was told');
}, 20).unref();
