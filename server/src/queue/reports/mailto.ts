/** The address of a `mailto:` URI, as far as reports need it. RFC 6068 §2 */
import { domainToASCII } from 'node:url';

export interface ReportAddress {
  readonly localPart: string;
  /** A-labels, lower case. */
  readonly domain: string;
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/;

/** Undefined for another scheme, for more than one address, and for what is no plain address. */
export function mailtoAddress(uri: string): ReportAddress | undefined {
  const match = /^mailto:([^@?]{1,200})@([^@?]{1,300})(?:\?|$)/i.exec(uri);
  if (match === null) return undefined;
  let localPart: string;
  try {
    localPart = decodeURIComponent(match[1] ?? '');
  } catch {
    return undefined;
  }
  const domain = domainToASCII(match[2] ?? '').toLowerCase();
  if (!LOCAL_PART.test(localPart) || domain.length > 253 || !/^[a-z0-9.-]+\.[a-z0-9-]+$/.test(domain)) return undefined;
  return { localPart, domain };
}
