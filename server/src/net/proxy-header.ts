/**
 * The PROXY protocol, versions 1 and 2: a load balancer says whose connection it passes on. Read only from peers that the administrator listed.
 *
 * haproxy doc/proxy-protocol.txt §2.1 (text), §2.2 (binary)
 */
import { canonicalAddress } from './address.ts';
import { NetError, type Reader } from './connection.ts';

/** Version 1's longest line, without CRLF. */
const LINE_LIMIT = 105;
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Addresses take 36 octets, or 216 for local sockets; the rest are extensions that are skipped. */
const BINARY_LIMIT = 4096;

export interface ProxiedAddresses {
  readonly remote: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
}

/** Reads the header from the start of a connection. Undefined: the balancer speaks for itself (a health check). Throws NetError `closed` for anything that is no header. */
export async function readProxyHeader(reader: Reader): Promise<ProxiedAddresses | undefined> {
  const first = await reader.readExactly(1);
  if (first[0] === SIGNATURE[0]) return await readBinary(reader);
  if (first[0] !== 0x50) throw malformed('neither version 1 nor 2');
  reader.unread(first);
  return parseText((await reader.readLine(LINE_LIMIT, { strict: true })).toString('latin1'));
}

function parseText(line: string): ProxiedAddresses | undefined {
  const [word, family, source = '', target = '', sourcePort = '', targetPort = '', ...rest] = line.split(' ');
  if (word !== 'PROXY') throw malformed('no PROXY word');
  if (family === 'UNKNOWN') return undefined;
  if ((family !== 'TCP4' && family !== 'TCP6') || rest.length > 0) throw malformed('unknown family or extra fields');
  const remote = { address: addressOf(source, family === 'TCP6'), port: portOf(sourcePort) };
  return { remote, local: { address: addressOf(target, family === 'TCP6'), port: portOf(targetPort) } };
}

async function readBinary(reader: Reader): Promise<ProxiedAddresses | undefined> {
  const header = await reader.readExactly(15);
  if (!header.subarray(0, 11).equals(SIGNATURE.subarray(1))) throw malformed('wrong signature');
  const command = header[11] ?? 0;
  const family = header[12] ?? 0;
  const length = header.readUInt16BE(13);
  if (length > BINARY_LIMIT) throw malformed('header too long');
  const body = await reader.readExactly(length);
  if (command === 0x20) return undefined;
  if (command !== 0x21) throw malformed('unknown version or command');
  const size = family >> 4 === 1 ? 4 : family >> 4 === 2 ? 16 : 0;
  if (size === 0) return undefined;
  if (body.length < size * 2 + 4) throw malformed('addresses are cut off');
  return {
    remote: { address: textOf(body.subarray(0, size)), port: body.readUInt16BE(size * 2) },
    local: { address: textOf(body.subarray(size, size * 2)), port: body.readUInt16BE(size * 2 + 2) },
  };
}

function textOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return canonicalAddress(groups.join(':')) ?? '::';
}

function addressOf(text: string, isV6: boolean): string {
  const address = text.includes(':') === isV6 ? canonicalAddress(text) : undefined;
  if (address === undefined) throw malformed('not an address');
  return address;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw malformed('not a port');
  return port;
}

function malformed(what: string): NetError {
  return new NetError('closed', `malformed PROXY header: ${what}`);
}
