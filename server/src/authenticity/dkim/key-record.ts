/**
 * Public keys as they stand in the DNS.
 *
 * RFC 6376 §3.6.1 · RFC 8301 §3.2 (sizes of RSA keys) · RFC 8463 §4.2 (Ed25519) · RFC 6376 §3.6.1 leaves `g=` of older records without a meaning
 *
 * Reading a key costs more than verifying with it, so keys are remembered by their text: the same text is the same key for ever.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseBase64, parseTagList, splitList, type TagList } from './tag-list.ts';

export interface KeyRecord {
  readonly kind: 'rsa' | 'ed25519';
  readonly key: KeyObject;
  readonly bits: number;
  /** `h=`: whether SHA-256 may be used. */
  readonly allowsSha256: boolean;
  /** `t=y`. */
  readonly isTesting: boolean;
  /** `t=s`: the identity's domain must be the signing domain itself. */
  readonly isStrict: boolean;
}

/** Why a text gives no key. */
export interface UnusableKey {
  readonly unusable: 'not a key record' | 'revoked' | 'broken' | 'too large' | 'unknown kind' | 'not for mail';
}

/** RFC 8301 §3.2 asks for 4096 at most; a larger key is work that a stranger orders. */
export const LARGEST_RSA_BITS = 4096;
/** More than a record with a key of LARGEST_RSA_BITS and notes has. */
const LONGEST_RECORD = 4096;
/** A SubjectPublicKeyInfo of LARGEST_RSA_BITS has 550 octets. */
const LONGEST_RSA_KEY = 1024;
/** A public exponent beyond this makes every verification dear. */
const LARGEST_EXPONENT = 1n << 32n;
const REMEMBERED_KEYS = 1000;

const remembered = new Map<string, KeyRecord | UnusableKey>();

/** Reads the text of a TXT record; any octets are taken. */
export function readKeyRecord(text: string): KeyRecord | UnusableKey {
  if (text.length > LONGEST_RECORD) return { unusable: 'too large' };
  const known = remembered.get(text);
  if (known !== undefined) {
    // The most recently used stand last.
    remembered.delete(text);
    remembered.set(text, known);
    return known;
  }
  const record = parseKeyRecord(text);
  if (remembered.size >= REMEMBERED_KEYS) {
    const oldest = remembered.keys().next();
    if (!oldest.done) remembered.delete(oldest.value);
  }
  remembered.set(text, record);
  return record;
}

function parseKeyRecord(text: string): KeyRecord | UnusableKey {
  const tags = parseTagList(text);
  const published = tags?.get('p')?.value;
  // `v=` may be left out; where it stands, it must be first and say DKIM1.
  if (tags === undefined || published === undefined) return { unusable: 'not a key record' };
  if (tags.has('v') && (tags.keys().next().value !== 'v' || tags.get('v')?.value !== 'DKIM1')) return { unusable: 'not a key record' };
  if (published === '') return { unusable: 'revoked' };
  const services = listOf(tags, 's') ?? ['*'];
  if (!services.includes('*') && !services.includes('email')) return { unusable: 'not for mail' };
  const kind = tags.get('k')?.value ?? 'rsa';
  if (kind !== 'rsa' && kind !== 'ed25519') return { unusable: 'unknown kind' };
  const octets = parseBase64(published);
  if (octets === undefined) return { unusable: 'broken' };
  if (kind === 'rsa' && octets.length > LONGEST_RSA_KEY) return { unusable: 'too large' };
  const key = kind === 'rsa' ? rsaKey(octets) : ed25519Key(octets);
  if (key === undefined) return { unusable: 'broken' };
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 256;
  if (bits > LARGEST_RSA_BITS || (key.asymmetricKeyDetails?.publicExponent ?? 0n) > LARGEST_EXPONENT) return { unusable: 'too large' };
  const flags = listOf(tags, 't') ?? [];
  return {
    kind,
    key,
    bits,
    allowsSha256: listOf(tags, 'h')?.includes('sha256') ?? true,
    isTesting: flags.includes('y'),
    isStrict: flags.includes('s'),
  };
}

function listOf(tags: TagList, name: string): readonly string[] | undefined {
  const tag = tags.get(name);
  return tag === undefined ? undefined : splitList(tag.value);
}

/** AlgorithmIdentifier of rsaEncryption with its NULL: what OpenSSL would read as other kinds of keys is not even tried. */
const RSA_ENCRYPTION = Buffer.from('300d06092a864886f70d0101010500', 'hex');

/** SubjectPublicKeyInfo, as everybody publishes, or the bare RSAPublicKey that RFC 6376 §3.6.1 speaks of. */
function rsaKey(der: Buffer): KeyObject | undefined {
  const at = der.indexOf(RSA_ENCRYPTION);
  const type = at > 0 && at <= 4 ? 'spki' : 'pkcs1';
  return keyOrNothing(() => createPublicKey({ key: der, format: 'der', type }));
}

function ed25519Key(octets: Buffer): KeyObject | undefined {
  if (octets.length !== 32) return undefined;
  return keyOrNothing(() => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: octets.toString('base64url') }, format: 'jwk' }));
}

function keyOrNothing(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    // What OpenSSL cannot read is no key.
    return undefined;
  }
}
