/**
 * The verdict on one signature, when its key, the body's hash and the signed octets are there.
 *
 * RFC 6376 §6.1.2, §6.1.3 · RFC 8301 §3.2 · RFC 8463 §3 · RFC 8601 §2.7.1
 */
import { createHash, verify } from 'node:crypto';
import type { DkimResultName } from '../results.ts';
import type { FoundKeys } from './key-lookup.ts';
import type { KeyRecord } from './key-record.ts';
import type { DkimAlgorithm } from './keys.ts';
import type { Signature } from './signature.ts';

export interface Verdict {
  readonly result: DkimResultName;
  readonly reason?: string | undefined;
  readonly keyBits?: number | undefined;
  readonly isTesting?: boolean | undefined;
}

/** Octets with a signature over them. */
export interface Signed {
  readonly algorithm: DkimAlgorithm;
  readonly signature: Buffer;
  /** An octet string. */
  readonly octets: string;
}

/** RFC 8301 §3.2: what a smaller key signs must not be taken for valid. */
const SMALLEST_RSA_BITS = 1024;
/** Clocks differ. */
const CLOCK_TOLERANCE_S = 300;

/** Whether a signature's own times rule it out, before anything is asked. §3.5 (`t=`, `x=`) */
export function judgeTimes(signature: Pick<Signature, 'signedAtS' | 'expiresAtS'>, nowMs: number): Verdict | undefined {
  const nowS = nowMs / 1000;
  if (signature.signedAtS !== undefined && signature.signedAtS > nowS + CLOCK_TOLERANCE_S) return { result: 'fail', reason: 'signed in the future' };
  if (signature.expiresAtS !== undefined && signature.expiresAtS < nowS - CLOCK_TOLERANCE_S) return { result: 'fail', reason: 'the signature has expired' };
  return undefined;
}

/** What the body came to for one signature. */
export interface BodyFacts {
  readonly digest: Buffer;
  /** Canonical octets of the whole body. */
  readonly length: number;
}

export function judgeSignature(signature: Signature, body: BodyFacts, found: FoundKeys, octets: () => string): Verdict {
  if (signature.bodyLength !== Infinity && signature.bodyLength > body.length) return { result: 'fail', reason: 'the body is shorter than l= says' };
  if (!body.digest.equals(signature.bodyHash)) return { result: 'fail', reason: 'the body was changed' };
  const identityDomain = signature.identityDomain;
  const verdict = judgeKeys(found, { algorithm: signature.algorithm, signature: signature.signature, octets: octets() }, (key) =>
    key.isStrict && identityDomain !== signature.domain ? 'the key is not for subdomains' : undefined,
  );
  if (verdict.result !== 'pass' || signature.bodyLength >= body.length) return verdict;
  // Anything can have been put behind what was signed (RFC 6376 §8.2), so it speaks for no author.
  return { ...verdict, result: 'policy', reason: `only the first ${signature.bodyLength} of ${body.length} octets of the body are signed (l=)` };
}

/** Tries the keys found for a signature: the first that verifies decides, else the last one's reason. */
export function judgeKeys(found: FoundKeys, signed: Signed, unfit: (key: KeyRecord) => string | undefined = () => undefined): Verdict {
  if (found.status === 'unknown') return { result: 'temperror', reason: found.reason };
  if (found.status === 'none') return { result: 'permerror', reason: found.reason };
  let verdict: Verdict = { result: 'permerror', reason: 'no key' };
  for (const key of found.keys) {
    verdict = judgeKey(key, signed, unfit(key));
    if (verdict.result === 'pass' || verdict.result === 'policy') break;
  }
  return verdict;
}

function judgeKey(key: KeyRecord, signed: Signed, unfit: string | undefined): Verdict {
  const facts = { keyBits: key.bits, isTesting: key.isTesting };
  if (`${key.kind}-sha256` !== signed.algorithm) return { ...facts, result: 'permerror', reason: `the key is of kind ${key.kind}` };
  if (!key.allowsSha256) return { ...facts, result: 'permerror', reason: 'the key is not for SHA-256 (h=)' };
  if (unfit !== undefined) return { ...facts, result: 'permerror', reason: unfit };
  if (!verifies(key, signed)) return { ...facts, result: 'fail', reason: 'the signature does not fit the header and the key' };
  if (key.kind === 'rsa' && key.bits < SMALLEST_RSA_BITS) return { ...facts, result: 'policy', reason: `the key has only ${key.bits} bits (RFC 8301)` };
  return { ...facts, result: 'pass' };
}

function verifies({ kind, key }: KeyRecord, { signature, octets }: Signed): boolean {
  const data = Buffer.from(octets, 'latin1');
  try {
    // RFC 8463 §3: Ed25519 signs the hash.
    return kind === 'rsa' ? verify('sha256', data, key, signature) : verify(null, createHash('sha256').update(data).digest(), key, signature);
  } catch {
    // OpenSSL refuses some keys and signatures by an error.
    return false;
  }
}
