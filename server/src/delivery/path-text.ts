/**
 * Addresses as text: `jan@capri.example`, with the local part quoted where it must be.
 *
 * RFC 5321 §4.1.2 (Mailbox) · RFC 6531 §3.3
 */
import { domainToASCII } from 'node:url';
import type { Path } from './delivery.ts';

const DOT_STRING = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u;

/** The address without angle brackets; empty for the null reverse-path. */
export function formatPath(path: Path | undefined): string {
  if (path === undefined) return '';
  const local = DOT_STRING.test(path.localPart) ? path.localPart : `"${path.localPart.replace(/["\\]/g, '\\$&')}"`;
  return path.domain === '' ? local : `${local}@${path.domain}`;
}

/** The domain in lower-case A-label form; an address literal as it is. Undefined when it has no such form. */
export function asciiDomain(domain: string): string | undefined {
  if (domain.startsWith('[')) return domain;
  const lower = domain.toLowerCase();
  // oxlint-disable-next-line no-control-regex -- the ASCII range
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  const ascii = domainToASCII(lower);
  return ascii === '' ? undefined : ascii;
}
