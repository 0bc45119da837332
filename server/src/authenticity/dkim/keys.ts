/**
 * Keys to sign with: made, read from PEM, and published as TXT records.
 *
 * RFC 6376 §3.6.1 (key records) · RFC 8301 §3.2 (2048 bits) · RFC 8463 §4 (Ed25519)
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

/** What a signature is made with. */
export interface SigningKey {
  /** `d=`: A-labels, lower case. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly privateKey: KeyObject;
}

/** A new private key. */
export interface GeneratedKey {
  readonly algorithm: DkimAlgorithm;
  /** PKCS #8 in PEM. */
  readonly pem: string;
}

export interface DkimDnsRecord {
  /** The record's whole text. */
  readonly text: string;
  /** The same in the strings of a TXT record, of at most 255 octets each. */
  readonly strings: readonly string[];
}

const RSA_BITS = 2048;
const STRING_OCTETS = 255;
const newKeyPair = promisify(generateKeyPair);

/** Two new keys: RSA with 2048 bits, which everybody verifies, then Ed25519. Off the event loop. */
export async function generateDkimKeys(): Promise<readonly GeneratedKey[]> {
  const [rsa, ed25519] = await Promise.all([newKeyPair('rsa', { modulusLength: RSA_BITS, publicExponent: 0x10001 }), newKeyPair('ed25519')]);
  return [
    { algorithm: 'rsa-sha256', pem: pemOf(rsa.privateKey) },
    { algorithm: 'ed25519-sha256', pem: pemOf(ed25519.privateKey) },
  ];
}

/** A key ready to sign with. Throws where the PEM holds no RSA or Ed25519 private key. */
export function readSigningKey({ domain, selector, pem }: { readonly domain: string; readonly selector: string; readonly pem: string }): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { domain, selector, algorithm: algorithmOf(privateKey), privateKey };
}

/** The TXT record that publishes the public half of a private key (PEM or read). */
export function dkimDnsRecord(key: KeyObject | string): DkimDnsRecord {
  const privateKey = typeof key === 'string' ? createPrivateKey(key) : key;
  const kind = algorithmOf(privateKey) === 'rsa-sha256' ? 'rsa' : 'ed25519';
  const text = `v=DKIM1; k=${kind}; p=${publicKeyText(privateKey)}`;
  const strings: string[] = [];
  for (let at = 0; at < text.length; at += STRING_OCTETS) strings.push(text.slice(at, at + STRING_OCTETS));
  return { text, strings };
}

/** A selector's name for a key made now: the letter of its algorithm and the day (UTC), `r20261123`. Unique for one key of each algorithm a day. */
export function selectorName(algorithm: DkimAlgorithm, madeAtMs: number): string {
  const day = new Date(madeAtMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `${algorithm === 'rsa-sha256' ? 'r' : 'e'}${day}`;
}

function algorithmOf(key: KeyObject): DkimAlgorithm {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return 'rsa-sha256';
    case 'ed25519':
      return 'ed25519-sha256';
    default:
      throw new Error(`a DKIM key is RSA or Ed25519, not ${key.asymmetricKeyType ?? 'a secret'}`);
  }
}

/** `p=`: the SubjectPublicKeyInfo of RSA, the 32 octets alone of Ed25519. */
function publicKeyText(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return (privateKey.asymmetricKeyType === 'rsa' ? der : der.subarray(-32)).toString('base64');
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
