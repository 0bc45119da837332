/** Addresses as octets, and whether one lies in a network: what `ip4`, `ip6`, `a` and `mx` compare. RFC 7208 §5, §5.6 */
import ipaddr from 'ipaddr.js';

/** 4 or 16 octets of an address text; undefined for what is none. An IPv4-mapped address stays IPv6: a client's is made IPv4 before. */
export function addressOctets(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return octets4(text);
  return ipaddr.IPv6.isValid(text) ? Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()) : undefined;
}

/** Whether the first `bits` bits agree. Addresses of different families never do. */
export function isInNetwork(address: Uint8Array, network: Uint8Array, bits: number): boolean {
  if (address.length !== network.length) return false;
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== network[at]) return false;
  const rest = bits & 7;
  return rest === 0 || ((address[whole] ?? 0) ^ (network[whole] ?? 0)) >> (8 - rest) === 0;
}

/** `1.2.3.4` or, for IPv6, nibble by nibble: what `%{i}` stands for, and the reverse of which is asked for. */
export function dottedForm(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  return Buffer.from(octets).toString('hex').toUpperCase().split('').join('.');
}

function octets4(text: string): Uint8Array | undefined {
  const parts = text.split('.', 5);
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (let at = 0; at < 4; at++) {
    const value = Number(parts[at]);
    if (!(value >= 0 && value <= 255)) return undefined;
    octets[at] = value;
  }
  return octets;
}
