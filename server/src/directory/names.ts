/**
 * The forms of names: logins, domains, local parts. Everything is compared in one normal form, made here and nowhere else.
 *
 * RFC 5321 §2.4, §4.1.2, §4.5.3.1 · RFC 6531 §3.3 · RFC 5890 (A-labels) · RFC 8265 §3.3 (UsernameCaseMapped: lower case, NFC)
 */
import { domainToASCII } from 'node:url';
import { DomainError } from '#core/errors.ts';

/** An address in normal form: local part NFC and lower case, domain in A-labels. */
export interface Address {
  readonly localPart: string;
  readonly domain: string;
}

const LOGIN = /^[a-z0-9_](?:[a-z0-9_-]|\.(?!\.)){0,62}[a-z0-9_-]$|^[a-z0-9_]$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
const PLAIN_DOMAIN = /^[a-z0-9.-]+$/;
// atext of RFC 5322 §3.2.3 and, for SMTPUTF8, anything beyond ASCII that is no control or separator.
const ATOMS = /^[a-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\u{10ffff}-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\u{10ffff}-]+)*$/u;

/** The login in lower case. Throws `login-invalid` for anything but letters a-z, digits and `. _ -` (1 to 64, no dot at either end or twice in a row): each login can then be a local part. */
export function normalizeLogin(login: string): string {
  const lower = login.toLowerCase();
  if (!LOGIN.test(lower)) {
    throw new DomainError('login-invalid', `"${login}" cannot be a login: use a to z, 0 to 9, and . _ - between them, at most 64 characters`);
  }
  return lower;
}

/** The domain in lower-case A-labels; undefined where it cannot be one. Fast for what is ASCII already. */
export function domainKey(domain: string): string | undefined {
  if (domain.length === 0 || domain.length > 255) return undefined;
  const lower = domain.toLowerCase();
  if (PLAIN_DOMAIN.test(lower) && !lower.includes('xn--')) return lower;
  const ascii = domainToASCII(lower);
  return ascii === '' ? undefined : ascii;
}

/** The domain in lower-case A-labels. Throws `bad-request` where it is none: bad labels, too long, an IP address. */
export function normalizeDomain(domain: string): string {
  const key = domainKey(domain.trim().replace(/\.$/, ''));
  const labels = key?.split('.') ?? [];
  if (key === undefined || key.length > 253 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? '')) {
    throw new DomainError('bad-request', `"${domain}" is not a domain name`);
  }
  return key;
}

/** The form in which local parts are stored and compared. Says nothing about validity. */
export function localPartKey(localPart: string): string {
  return localPart.normalize('NFC').toLowerCase();
}

/** An address in normal form, for one that is to be created. Throws `address-invalid`. */
export function normalizeAddress(text: string): Address {
  const at = text.lastIndexOf('@');
  const localPart = localPartKey(text.slice(0, Math.max(at, 0)));
  if (at < 1 || Buffer.byteLength(localPart) > 64 || !ATOMS.test(localPart)) throw new DomainError('address-invalid', `"${text}" is not an address`);
  try {
    return { localPart, domain: normalizeDomain(text.slice(at + 1)) };
  } catch (error) {
    if (error instanceof DomainError) throw new DomainError('address-invalid', `"${text}" is not an address`);
    throw error;
  }
}

/** `local@domain`. */
export function formatAddress(address: Address): string {
  return `${address.localPart}@${address.domain}`;
}

/** What a sign-in name stands for: with `@` always an address, else a login. Undefined where it can be neither. */
export function parseSignInName(name: string): { readonly login: string } | Address | undefined {
  if (name.length === 0 || name.length > 320) return undefined;
  const at = name.lastIndexOf('@');
  if (at < 0) return { login: localPartKey(name) };
  const domain = domainKey(name.slice(at + 1));
  return at === 0 || domain === undefined ? undefined : { localPart: localPartKey(name.slice(0, at)), domain };
}
