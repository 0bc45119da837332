/**
 * A certificate with its key as a server needs it: read, checked, and its names known.
 *
 * RFC 5280 · RFC 6125 §6.4 (names, wildcards) · RFC 5929 §4.1 (tls-server-end-point)
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { canonicalAddress } from './address.ts';

/** What an administrator configures: `source` is how errors name it (a path). The certificate first, then its chain. */
export interface CertificatePem {
  readonly source: string;
  readonly certificate: string;
  readonly key: string;
}

/** A certificate that cannot be used; the message says which and what to do. */
export class CertificateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateError';
  }
}

export interface LoadedCertificate extends CertificatePem {
  /** Lower case; may begin with `*.`. */
  readonly names: readonly string[];
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the whole certificate, hexadecimal. */
  readonly fingerprint: string;
}

/** Reads and checks a certificate and its key. Throws CertificateError. An expired one loads: serving it is for the caller to decide and to say. */
export function loadCertificate(pem: CertificatePem): LoadedCertificate {
  const leaf = parse(pem);
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(pem.key);
  } catch (cause) {
    throw new CertificateError(`${pem.source}: the private key cannot be read; it must be PEM without a passphrase`, { cause });
  }
  if (!leaf.checkPrivateKey(key))
    throw new CertificateError(`${pem.source}: the private key does not belong to the certificate; give the key it was requested with`);
  const keyType = key.asymmetricKeyType;
  if (keyType !== 'rsa' && keyType !== 'ec' && keyType !== 'ed25519')
    throw new CertificateError(`${pem.source}: keys of type ${String(keyType)} cannot serve TLS; use ECDSA P-256 or RSA`);
  const names = certificateNames(leaf);
  if (names.length === 0) throw new CertificateError(`${pem.source}: the certificate names no host (no subjectAltName)`);
  return {
    ...pem,
    names,
    keyType,
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    fingerprint: createHash('sha256').update(leaf.raw).digest('hex'),
  };
}

/** Whether a certificate's name covers a host: equal, or `*.` in place of exactly the leftmost label. */
export function coversHost(name: string, host: string): boolean {
  if (name === host) return true;
  if (!name.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === name.slice(1);
}

/** The hash of a certificate that channel binding `tls-server-end-point` uses; undefined where the signature names no hash of its own. */
export function endPointHash(certificate: X509Certificate): Buffer | undefined {
  const algorithm = certificate.signatureAlgorithm?.toLowerCase() ?? '';
  const named = /sha-?(1|224|256|384|512)(?![0-9])/.exec(algorithm)?.[1];
  if (named === undefined && !algorithm.includes('md5')) return undefined;
  // MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 §4.1).
  const hash = named === undefined || named === '1' ? 'sha256' : `sha${named}`;
  return createHash(hash).update(certificate.raw).digest();
}

function parse(pem: CertificatePem): X509Certificate {
  try {
    return new X509Certificate(pem.certificate);
  } catch (cause) {
    throw new CertificateError(`${pem.source}: the certificate cannot be read; it must be PEM, the server's own certificate first`, { cause });
  }
}

/** The host names (lower case, perhaps with a wildcard) and canonical IP addresses of a certificate's subjectAltName; the common name does not count (RFC 9525 §2). */
export function certificateNames(certificate: X509Certificate): readonly string[] {
  const text = certificate.subjectAltName ?? '';
  const names: string[] = [];
  // Values that hold anything unusual are quoted by Node; such names can never match a host and are left out.
  for (const part of text.split(', ')) {
    if (part.startsWith('DNS:') && !part.includes('"')) names.push(part.slice(4).toLowerCase());
    else if (part.startsWith('IP Address:')) names.push(canonicalAddress(part.slice(11)) ?? part.slice(11));
  }
  return names;
}
