/** Names of accepted messages: in the SMTP reply, in Received, in the queue, in the trail and in the log. */
import { randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 16;
/** The largest multiple of 62 in an octet: what lies above is thrown away, so that every letter is equally likely. */
const FAIR = 248;

const pool = Buffer.alloc(4096);
let at = pool.length;

/** 16 letters and digits, 95 bits of randomness. */
export function newReceiptId(): string {
  let id = '';
  while (id.length < LENGTH) {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const octet = pool[at++] ?? 0;
    if (octet < FAIR) id += ALPHABET[octet % 62];
  }
  return id;
}
