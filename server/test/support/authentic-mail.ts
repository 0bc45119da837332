/** Mail of a domain that does everything right, for tests of what checks it: its DNS records, and messages with its signature. */
import { dkimDnsRecord, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { hashWholeBody, signDkim } from '#authenticity/dkim/sign.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import { generateKeyPairSync } from 'node:crypto';
import type { Zone } from './dns.ts';

export interface AuthenticDomain {
  readonly domain: string;
  readonly key: SigningKey;
  /** SPF for `address`, DKIM, and a DMARC record with this policy; the address has a name that leads back to it. */
  readonly zone: Zone;
  /** The message with a DKIM-Signature in front. */
  sign(message: Buffer, signedAtMs?: number): Buffer;
}

export interface AuthenticDomainOptions {
  readonly domain: string;
  /** Where its mail comes from: IPv4. */
  readonly address: string;
  readonly policy: 'none' | 'quarantine' | 'reject' | undefined;
}

const SELECTOR = 'test';
const SIGNED_AT_MS = Date.UTC(2026, 10, 23, 11);

export function authenticDomain({ domain, address, policy }: AuthenticDomainOptions): AuthenticDomain {
  const pem = (rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const key = readSigningKey({ domain, selector: SELECTOR, pem });
  const reverse = `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  return {
    domain,
    key,
    zone: {
      [domain]: { TXT: [`v=spf1 ip4:${address} -all`], MX: [{ preference: 10, exchange: `mail.${domain}` }] },
      [`mail.${domain}`]: { A: [address] },
      [`${SELECTOR}._domainkey.${domain}`]: { TXT: [[...dkimDnsRecord(pem).strings]] },
      ...(policy && { [`_dmarc.${domain}`]: { TXT: [`v=DMARC1; p=${policy}; rua=mailto:reports@${domain}`] } }),
      [reverse]: { PTR: [`mail.${domain}`] },
    },
    sign(message, signedAtMs = SIGNED_AT_MS) {
      const end = findHeaderEnd(message);
      return Buffer.concat([
        signDkim({ header: new Header(message.subarray(0, end)), bodyHash: hashWholeBody(message.subarray(end)), keys: [key], signedAtMs }),
        message,
      ]);
    },
  };
}

/** Making one takes a while; which it is matters nowhere. */
let rsa: string | undefined;
