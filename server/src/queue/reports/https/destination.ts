/**
 * Where a report goes by HTTPS: the `https:` URI of a stranger's record. A host must have a name, so that its addresses can be looked at before anything is said to them.
 *
 * RFC 8460 §3 · RFC 3986 §3
 */
import { isIP } from 'node:net';

const LONGEST = 1024;
/** Ports below the registered ones belong to other services, whose servers nobody may have us talk to. */
const FIRST_FREE_PORT = 1024;

/** Undefined for another scheme, an address instead of a name, a sign-in, and the ports of other services. */
export function httpsDestination(uri: string): URL | undefined {
  if (uri.length > LONGEST || !/^https:\/\//i.test(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isNamed = isIP(host) === 0 && host.includes('.') && !host.endsWith('.');
  const isFreePort = url.port === '' || Number(url.port) >= FIRST_FREE_PORT;
  if (!isNamed || !isFreePort || url.username !== '' || url.password !== '') return undefined;
  // What is behind # never goes to a server.
  url.hash = '';
  return url;
}
