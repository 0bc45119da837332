/**
 * DANE: the certificate held against what the domain itself says of it in the DNS.
 *
 * RFC 6698 §2.1 · RFC 7671 §4, §5 · RFC 7672 §3 (only DANE-TA and DANE-EE; the others are unusable for mail)
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { certificateNames, coversHost } from '#net/certificate.ts';
import type { TlsaRecord } from '#net/dns/resolver.ts';

const DANE_TA = 2;
const DANE_EE = 3;
const CERTIFICATE = 0;
const PUBLIC_KEY = 1;
/** Records looked at, and octets of each: a domain cannot make us compare without end. */
const MOST_RECORDS = 40;
const LARGEST_RECORD = 16 * 1024;
const DIGESTS: Readonly<Record<number, { readonly name: string; readonly length: number } | undefined>> = {
  1: { name: 'sha256', length: 32 },
  2: { name: 'sha512', length: 64 },
};

export interface DaneMatch {
  readonly check: 'dane-ee' | 'dane-ta';
}

/** The records that a mail server can be held to. RFC 7671 §4.3, RFC 7672 §3.1 */
export function usableRecords(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  return records.slice(0, MOST_RECORDS).filter(isUsable);
}

function isUsable({ usage, selector, matchingType, data }: TlsaRecord): boolean {
  if ((usage !== DANE_TA && usage !== DANE_EE) || (selector !== CERTIFICATE && selector !== PUBLIC_KEY)) return false;
  if (matchingType !== 0) return data.length === DIGESTS[matchingType]?.length;
  if (data.length > LARGEST_RECORD) return false;
  return (selector === CERTIFICATE ? readCertificate(data) : readPublicKey(data)) !== undefined;
}

/**
 * Whether one of the records vouches for the server. `names` are those that a certificate under a DANE-TA record may have; with DANE-EE neither names nor
 * dates count (RFC 7672 §3.1.1). Undefined: no record matches.
 */
export function matchDane(records: readonly TlsaRecord[], chain: readonly X509Certificate[], names: readonly string[], nowMs: number): DaneMatch | undefined {
  const [leaf] = chain;
  if (!leaf) return undefined;
  if (records.some((record) => record.usage === DANE_EE && isMatch(record, leaf))) return { check: 'dane-ee' };
  const anchors = records.filter(({ usage }) => usage === DANE_TA);
  const isNamed = certificateNames(leaf).some((pattern) => names.some((name) => coversHost(pattern, name)));
  if (anchors.length === 0 || !isNamed || !isForServers(leaf)) return undefined;
  return anchors.some((record) => leadsTo(record, chain, nowMs)) ? { check: 'dane-ta' } : undefined;
}

/** `3 1 1 0123...`: for reports and logs. */
export function recordText({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data.toString('hex')}`;
}

function isMatch({ selector, matchingType, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const octets = selector === CERTIFICATE ? certificate.raw : keyOctets(certificate);
  if (!octets) return false;
  const digest = DIGESTS[matchingType];
  return data.equals(digest ? createHash(digest.name).update(octets).digest() : octets);
}

/** Follows the chain from the server's certificate up to the one that the record names; each must have signed the one below it, and be in its time. */
function leadsTo(record: TlsaRecord, chain: readonly X509Certificate[], nowMs: number): boolean {
  for (const [at, certificate] of chain.entries()) {
    if (!isInTime(certificate, nowMs)) return false;
    if (isMatch(record, certificate)) return at > 0 ? certificate.ca : true;
    // A trust anchor that is written out need not be sent (RFC 7671 §5.2.2, §5.2.3).
    if (record.matchingType === 0 && isSignedByRecord(record, certificate, nowMs)) return true;
    const above = chain[at + 1];
    if (!above || !above.ca || !certificate.checkIssued(above) || !hasSigned(above, certificate)) return false;
  }
  return false;
}

function isSignedByRecord({ selector, data }: TlsaRecord, certificate: X509Certificate, nowMs: number): boolean {
  if (selector === PUBLIC_KEY) {
    const key = readPublicKey(data);
    return key !== undefined && hasSigned({ publicKey: key }, certificate);
  }
  const anchor = readCertificate(data);
  return anchor !== undefined && anchor.ca && isInTime(anchor, nowMs) && certificate.checkIssued(anchor) && hasSigned(anchor, certificate);
}

/** Keys of kinds that are not known here throw when they are looked at. */
function hasSigned(signer: { readonly publicKey: KeyObject }, certificate: X509Certificate): boolean {
  try {
    return certificate.verify(signer.publicKey);
  } catch {
    return false;
  }
}

function isInTime({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

/** Extended key usage, where there is one, must name TLS servers. */
function isForServers({ keyUsage }: { readonly keyUsage?: readonly string[] | undefined }): boolean {
  return keyUsage === undefined || keyUsage.includes('1.3.6.1.5.5.7.3.1') || keyUsage.includes('2.5.29.37.0');
}

function keyOctets(certificate: X509Certificate): Buffer | undefined {
  try {
    return certificate.publicKey.export({ type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}

function readCertificate(octets: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(octets);
  } catch {
    return undefined;
  }
}

function readPublicKey(octets: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: octets, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
