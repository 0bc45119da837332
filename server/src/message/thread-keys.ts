/**
 * Under which numbers a conversation is found.
 *
 * A message belongs to the conversation of a message that it names in References or In-Reply-To, if both have the same base subject: an answer under a new
 * subject begins a new conversation (RFC 8621 §3 recommends exactly that). So each number is a hash of an id and of the base subject together: 13 bits of
 * the subject, then 40 of both, so that the numbers of one message are neighbours in the store's tree.
 */

/** Numbers of one message: its own, the first reference and the last ones. */
export const THREAD_HASH_LIMIT = 32;

/** The hashes of an own id (if there is one) and of the ids referred to, each once. `subjectKey` is the folded base subject. */
export function threadHashes(ownId: string | undefined, references: readonly string[], inReplyTo: readonly string[], subjectKey: string): readonly number[] {
  const ids = new Set<string>();
  if (ownId !== undefined) ids.add(ownId);
  const first = references[0];
  // The first reference names the conversation, the last ones are those most likely to be here.
  if (first !== undefined) ids.add(first);
  for (const id of inReplyTo.slice(0, 4)) ids.add(id);
  for (let i = references.length - 1; i > 0 && ids.size < THREAD_HASH_LIMIT; i--) ids.add(references[i] as string);
  const hashes: number[] = [];
  const seed = mix(subjectKey, 0x9e3779b9, 0x243f6a88);
  for (const id of ids) {
    if (hashes.length === THREAD_HASH_LIMIT) break;
    const hash = combined(seed, mix(id, seed[0], seed[1]));
    if (!hashes.includes(hash)) hashes.push(hash);
  }
  return hashes;
}

type Lanes = readonly [number, number];

/** Two independent 32-bit multiplicative hashes over the characters. Not secret: whoever can write an id can also copy one. */
function mix(text: string, seedA: number, seedB: number): Lanes {
  let a = seedA | 0;
  let b = seedB | 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return [a, b];
}

/** 53 bits, from 0: 13 of the subject, 40 of the id (and the subject, from which its lanes began). */
function combined(subject: Lanes, [a, b]: Lanes): number {
  let high = a ^ (b >>> 13);
  let low = b ^ (a >>> 16);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  high ^= high >>> 13;
  low ^= low >>> 16;
  return folded(subject) * 2 ** 40 + (high & 0xff) * 2 ** 32 + (low >>> 0);
}

/** 13 bits of both lanes. */
function folded([a, b]: Lanes): number {
  const mixed = Math.imul(a ^ (b >>> 7), 0x9e3779b1);
  return (mixed ^ (mixed >>> 13)) >>> 19;
}
