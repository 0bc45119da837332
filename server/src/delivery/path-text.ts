/** Addresses of the envelope as text. RFC 5321 §4.1.2 (Mailbox) · RFC 6531 §3.3 */
import { domainToASCII } from 'node:url';
import { formatAddress } from '#message/address.ts';
import type { Path } from './delivery.ts';

/** The address without angle brackets; empty for the null reverse-path. */
export function formatPath(path: Path | undefined): string {
  return path === undefined ? '' : formatAddress(path.localPart, path.domain);
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
