/** Names as questions carry them. RFC 1035 §2.3.4, §3.5 · RFC 3596 §2.5 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { canonicalAddress } from '../address.ts';

/** ASCII, at most 253 octets in labels of 1 to 63 (underscores, even spaces: the DNS does not mind, and SPF macros make such names). */
export function isName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false;
  let labelStart = 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code < 0x20 || code >= 0x7f || code === 0x5c) return false;
    if (code !== 0x2e) continue;
    if (at === labelStart || at - labelStart > 63) return false;
    labelStart = at + 1;
  }
  const last = name.length - labelStart;
  return last > 0 && last <= 63 && isIP(name) === 0;
}

/** Where the names of an address are; undefined for what is no address. */
export function reverseName(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address === undefined) return undefined;
  const octets = ipaddr.parse(address).toByteArray();
  if (octets.length === 4) return `${octets.toReversed().join('.')}.in-addr.arpa`;
  return `${Buffer.from(octets).toString('hex').split('').toReversed().join('.')}.ip6.arpa`;
}
