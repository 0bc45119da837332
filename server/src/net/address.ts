/**
 * IP addresses as text: one canonical form, networks, and the ranges that are not the public internet.
 *
 * RFC 5952 (text form) · RFC 4291 §2.5.5.2 (IPv4-mapped) · RFC 6890 (special ranges) · RFC 6052 §2.1, §3.1 (64:ff9b::/96)
 */
import ipaddr from 'ipaddr.js';

/** The canonical text of an address, IPv4-mapped ones as IPv4, a zone dropped; undefined for what is no address. */
export function canonicalAddress(text: string): string | undefined {
  // The common cases first: a dual-stack socket names every IPv4 client this way.
  if (text.startsWith('::ffff:') && text.includes('.')) return canonicalAddress(text.slice(7));
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return bare;
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined;
  const address = ipaddr.IPv6.parse(bare);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The network that limits count by: an IPv4 address itself, the /64 of an IPv6 address (one subscriber has at least that much). */
export function limitKey(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address) : undefined;
  if (!parsed) return address;
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/** The network of an address: `prefix(24, 64)` of 192.0.2.77 is 192.0.2.0/24. */
export function networkOf(address: string, bits4: number, bits6: number): string {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return address;
  const bits = canonical.includes(':') ? bits6 : bits4;
  const network = canonical.includes(':')
    ? ipaddr.IPv6.networkAddressFromCIDR(`${canonical}/${bits}`)
    : ipaddr.IPv4.networkAddressFromCIDR(`${canonical}/${bits}`);
  return `${canonicalAddress(network.toString()) ?? network.toString()}/${bits}`;
}

export function isLoopback(address: string): boolean {
  return address === 'local' || address.startsWith('127.') || address === '::1';
}

/**
 * Whether an address belongs to the public internet: not loopback, private, link-local, multicast, documentation or otherwise reserved, nor such an address in
 * the clothes of another (mapped, compatible, 6to4, Teredo). Behind the well-known prefix of NAT64 the IPv4 address decides.
 */
export function isPublicAddress(address: string): boolean {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return false;
  const parsed = ipaddr.parse(canonical);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  const bytes = parsed.toByteArray();
  if (parsed.match(NAT64)) return isPublicAddress(bytes.slice(12).join('.'));
  // Nothing else has been given out (RFC 4291 §2.4, IANA).
  return parsed.range() === 'unicast' && ((bytes[0] ?? 0) & 0xe0) === 0x20;
}

const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/** A list of networks (`192.0.2.0/24`, `2001:db8::/32`, single addresses) that answers whether it holds an address. Throws on what is neither. */
export class NetworkList {
  readonly #networks: ReadonlyArray<readonly [ipaddr.IPv4 | ipaddr.IPv6, number]>;

  constructor(networks: readonly string[]) {
    this.#networks = networks.map((text) => {
      if (text.includes('/') && ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
      const canonical = canonicalAddress(text);
      if (canonical === undefined) throw new Error(`"${text}" is neither an address nor a network such as 192.0.2.0/24`);
      const address = ipaddr.parse(canonical);
      return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
    });
  }

  has(address: string): boolean {
    if (this.#networks.length === 0) return false;
    const canonical = canonicalAddress(address);
    if (canonical === undefined) return false;
    const parsed = ipaddr.parse(canonical);
    return this.#networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
  }
}
