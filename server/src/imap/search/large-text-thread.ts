/**
 * The thread that looks for texts in parts too large to be decoded and folded where clients are served: one part at a time (large-text-worker.ts).
 */
import { parentPort } from 'node:worker_threads';
import { fold } from '#message/fold.ts';
import { partText } from '#message/text.ts';
import type { TextOrder, TextReport } from './large-text-worker.ts';

parentPort?.on('message', ({ part, octets, needles }: TextOrder) => {
  const folded = fold(partText(part, octets));
  parentPort?.postMessage(needles.filter((needle) => folded.includes(needle)) satisfies TextReport);
});
