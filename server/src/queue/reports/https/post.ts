/**
 * One report to one HTTPS server. It is a stranger's: only public addresses are asked, its certificate must be good, no redirect is followed, time is bounded, and nothing
 * is read of what it says but its status.
 *
 * RFC 8460 §3 (a bad certificate may be ignored: it is not), §5.4 · RFC 9110 §9.3.3, §15
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { TLSSocket } from 'node:tls';
import { guardedLookup, type LookupRules } from '#net/guarded-lookup.ts';
import { httpsDestination } from './destination.ts';

export interface Poster extends LookupRules {
  readonly timeoutMs?: number | undefined;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
}

export interface PostResult {
  readonly isTaken: boolean;
  /** What the server said, `HTTP 201 Created`, or why nothing was said to it. */
  readonly reply: string;
  /** Who said it; undefined: we found it out ourselves. */
  readonly host: string | undefined;
  readonly tls: { readonly version: string; readonly cipher: string } | undefined;
}

const LONGEST_MS = 60_000;
const LONGEST_REPLY = 200;
const MEDIA_TYPE = 'application/tlsrpt+gzip';

/** Never throws; a signal that comes in between counts as a failure. */
export async function postReport(poster: Poster, uri: string, report: Uint8Array, signal: AbortSignal): Promise<PostResult> {
  const url = httpsDestination(uri);
  if (url === undefined) return failed('the address is none that reports can be sent to');
  const { promise, resolve } = Promise.withResolvers<PostResult>();
  const asked = request(url, {
    method: 'POST',
    servername: url.hostname,
    headers: { 'Content-Type': MEDIA_TYPE, 'Content-Length': report.length, 'User-Agent': 'Capri' },
    agent: false,
    lookup: guardedLookup(poster),
    signal,
    ...(poster.ca !== undefined && { ca: poster.ca }),
  });
  const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), poster.timeoutMs ?? LONGEST_MS);
  asked.on('error', (error) => resolve(failed(`${url.hostname}: ${error.message}`.slice(0, LONGEST_REPLY))));
  asked.on('response', (response) => {
    resolve(answered(url.hostname, response));
    response.destroy();
  });
  // 101, which nobody has asked for: without this Node drops the connection and says nothing.
  asked.on('upgrade', (response, socket) => {
    resolve(answered(url.hostname, response));
    socket.destroy();
  });
  asked.end(report);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    asked.destroy();
  }
}

function answered(host: string, { statusCode = 0, statusMessage = '', socket }: IncomingMessage): PostResult {
  const tls = socket instanceof TLSSocket ? { version: socket.getProtocol() ?? '', cipher: socket.getCipher().standardName } : undefined;
  return { isTaken: statusCode >= 200 && statusCode < 300, reply: `HTTP ${statusCode} ${statusMessage}`.trim().slice(0, LONGEST_REPLY), host, tls };
}

function failed(reply: string): PostResult {
  return { isTaken: false, reply, host: undefined, tls: undefined };
}
