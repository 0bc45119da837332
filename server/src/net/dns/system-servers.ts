/** Which DNS servers to ask: from the configuration, or from the system's resolv.conf(5). */
import { readFile } from 'node:fs/promises';
import { canonicalAddress } from '../address.ts';
import type { DnsServer } from './transport.ts';

const MOST_SERVERS = 3;
/** What resolv.conf(5) says for a file that names none. */
const LOCAL: DnsServer = { address: '127.0.0.1', port: 53 };

/** Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. Throws with a message for the administrator. */
export function parseServer(text: string): DnsServer {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/.exec(text);
  const address = canonicalAddress(match?.[1] ?? match?.[2] ?? '');
  const port = match?.[3] === undefined ? 53 : Number(match[3]);
  if (address === undefined || port < 1 || port > 65535) throw new Error(`"${text}" is no DNS server; write an address such as 127.0.0.1 or [::1]:5353`);
  return { address, port };
}

/** The servers of a resolv.conf text. */
export function parseResolvConf(text: string): readonly DnsServer[] {
  const servers: DnsServer[] = [];
  for (const line of text.split('\n')) {
    const [word, value = ''] = line.trim().split(/\s+/);
    const address = word === 'nameserver' ? canonicalAddress(value) : undefined;
    if (address !== undefined && servers.length < MOST_SERVERS) servers.push({ address, port: 53 });
  }
  return servers.length > 0 ? servers : [LOCAL];
}

/** The system's servers; the local one where the file cannot be read. */
export async function systemServers(path: string = '/etc/resolv.conf'): Promise<readonly DnsServer[]> {
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch {
    return [LOCAL];
  }
  return parseResolvConf(text);
}
