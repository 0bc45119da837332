/**
 * Names of accepted messages: in the SMTP reply, in Received, in the queue, in the trail and in the log. The first half is the time, so that what comes in now
 * lies together in every table that has the name as its key: with a million rows waiting a new one costs no more than with none.
 */
import { randomFillSync } from 'node:crypto';

/** In the order of their codes, so that names sort by time. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const HALF = 8;
/** The largest multiple of 62 in an octet: what lies above is thrown away, so that every letter is equally likely. */
const FAIR = 248;

const pool = Buffer.alloc(4096);
let at = pool.length;
let lastMs = -1;
let lastPrefix = '';

/** 16 letters and digits: 8 of the time in milliseconds, 8 (47 bits) of chance. */
export function newReceiptId(nowMs: number = Date.now()): string {
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastPrefix = timeText(nowMs);
  }
  let id = lastPrefix;
  while (id.length < 2 * HALF) {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const octet = pool[at++] ?? 0;
    if (octet < FAIR) id += ALPHABET[octet % 62];
  }
  return id;
}

function timeText(ms: number): string {
  let rest = Math.max(0, Math.floor(ms));
  let text = '';
  for (let letter = 0; letter < HALF; letter++) {
    text = `${ALPHABET[rest % 62]}${text}`;
    rest = Math.floor(rest / 62);
  }
  return text;
}
