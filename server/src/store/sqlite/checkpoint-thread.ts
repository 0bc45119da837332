/** The thread that copies the write-ahead log into the database: a round whenever the writer asks (checkpointer.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { metadataFile } from '../blobs/layout.ts';
import type { CheckpointReport, CheckpointRow } from './checkpointer.ts';
import { Connection } from './driver.ts';

const { directory } = workerData as { readonly directory: string };
const connection = new Connection(metadataFile(directory), { cacheBytes: 2 ** 20 });
connection.pragma('wal_autocheckpoint = 0');

parentPort?.on('message', (order: 'round' | 'stop') => {
  if (order === 'stop') {
    connection[Symbol.dispose]();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(round());
});

function round(): CheckpointReport {
  try {
    const [row] = connection.pragma('wal_checkpoint(PASSIVE)') as CheckpointRow[];
    return row ?? { failure: 'the checkpoint said nothing' };
  } catch (error) {
    return { failure: `checkpoint: ${error instanceof Error ? error.message : String(error)}` };
  }
}
