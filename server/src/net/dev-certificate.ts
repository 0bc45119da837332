/**
 * A certificate authority of one's own and server certificates signed by it: for `capri dev`, and for tests. ECDSA P-256 (the server's key may be RSA).
 *
 * RFC 5280 §4.1, §4.2.1 · RFC 5758 §3.2 (ecdsa-with-SHA256)
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { canonicalAddress } from './address.ts';
import { bitString, boolean, integer, objectIdentifier, octetString, sequence, set, tagged, time, utf8String } from './der.ts';

const DAY_MS = 24 * 3600 * 1000;
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const COMMON_NAME = objectIdentifier('2.5.4.3');

/** PEM texts; a server's `certificate` is followed by that of its authority. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes an authority that lasts ten years. */
export function makeAuthority(commonName: string, nowMs: number): IssuedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = distinguishedName(commonName);
  const extensions = [
    extension('2.5.29.19', true, sequence(boolean(true), integer(Uint8Array.of(0)))),
    // keyCertSign and cRLSign: bits 5 and 6.
    extension('2.5.29.15', true, bitString(Uint8Array.of(0b00000110), 1)),
    extension('2.5.29.14', false, octetString(keyIdentifier(publicKey))),
  ];
  const validity = [nowMs - DAY_MS, nowMs + 3650 * DAY_MS] as const;
  return { certificate: signed({ issuer: name, subject: name, publicKey, extensions, validity }, privateKey), key: keyPem(privateKey) };
}

/** Makes a server certificate for these host names and IP addresses, signed by `authority`. */
export function issueCertificate(
  authority: IssuedCertificate,
  names: readonly string[],
  options: { readonly nowMs: number; readonly days?: number; readonly keyType?: 'ecdsa' | 'rsa' },
): IssuedCertificate {
  const { publicKey, privateKey } =
    options.keyType === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const authorityCertificate = new X509Certificate(authority.certificate);
  const authorityKey = createPrivateKey(authority.key);
  const extensions = [
    extension('2.5.29.19', true, sequence()),
    // digitalSignature: bit 0.
    extension('2.5.29.15', true, bitString(Uint8Array.of(0b10000000), 7)),
    extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...names.map(generalName))),
    extension('2.5.29.35', false, sequence(tagged(0, false, keyIdentifier(createPublicKey(authorityKey))))),
    extension('2.5.29.14', false, octetString(keyIdentifier(publicKey))),
  ];
  const certificate = signed(
    {
      issuer: distinguishedName(commonNameOf(authorityCertificate)),
      subject: distinguishedName(names[0] ?? 'localhost'),
      publicKey,
      extensions,
      validity: [options.nowMs - DAY_MS, options.nowMs + (options.days ?? 365) * DAY_MS],
    },
    authorityKey,
  );
  return { certificate: certificate + authority.certificate, key: keyPem(privateKey) };
}

interface Contents {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
  readonly validity: readonly [number, number];
}

function signed(contents: Contents, key: KeyObject): string {
  const serial = randomBytes(16);
  // Positive and without leading zeros (RFC 5280 §4.1.2.2).
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const [notBefore, notAfter] = contents.validity;
  const toBeSigned = sequence(
    tagged(0, true, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    contents.issuer,
    sequence(time(notBefore), time(notAfter)),
    contents.subject,
    contents.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, true, sequence(...contents.extensions)),
  );
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(sign('sha256', toBeSigned, key)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extension(oid: string, isCritical: boolean, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, utf8String(commonName))));
}

function commonNameOf(certificate: X509Certificate): string {
  const line = certificate.subject.split('\n').find((part) => part.startsWith('CN='));
  return line?.slice(3) ?? '';
}

function generalName(name: string): Buffer {
  return canonicalAddress(name) === undefined
    ? tagged(2, false, Buffer.from(name, 'latin1'))
    : tagged(7, false, Uint8Array.from(ipaddr.parse(name).toByteArray()));
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
