/** A thread that makes DKIM signatures, one message after the other (signing-threads.ts). */
import { parentPort } from 'node:worker_threads';
import { hashWholeBody, signDkim } from '#authenticity/dkim/sign.ts';
import { Header } from '#message/header.ts';
import type { SignAnswer, SignRequest } from './sign-order.ts';

parentPort?.on('message', ({ id, order: { octets, headerEnd, bodyHash, keys, signedAtMs } }: SignRequest) => {
  let answer: SignAnswer;
  try {
    const message = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    const header = new Header(message.subarray(0, headerEnd));
    const hash = bodyHash === undefined ? hashWholeBody(message.subarray(headerEnd)) : Buffer.from(bodyHash);
    // Memory of its own: what is posted is copied with all that lies around it.
    answer = { id, fields: new Uint8Array(signDkim({ header, bodyHash: hash, keys, signedAtMs })) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
