/**
 * A policy fetched from its domain over HTTPS. The domain is a stranger's: only public addresses are asked, no redirect is followed, and size and time are bounded.
 *
 * RFC 8461 §3.3
 */
import { request } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import type { Resolver } from '#net/dns/resolver.ts';
import { guardedLookup } from '#net/guarded-lookup.ts';
import { parseStsPolicy, type StsPolicy } from './sts-policy.ts';

const LARGEST_BYTES = 64 * 1024;
const LONGEST_MS = 60_000;

export interface PolicyFetcher {
  readonly resolver: Pick<Resolver, 'resolveTxt' | 'resolveAddresses'>;
  /** Which addresses may be asked. */
  isAllowed(address: string): boolean;
  readonly port?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
}

/** Why there is none, in the words of RFC 8460 §4.3.2.2. */
export class PolicyError extends Error {
  readonly type: 'sts-policy-fetch-error' | 'sts-policy-invalid' | 'sts-webpki-invalid';

  constructor(type: PolicyError['type'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PolicyError';
    this.type = type;
  }
}

/** Throws PolicyError. */
export async function fetchStsPolicy(fetcher: PolicyFetcher, domain: string, signal: AbortSignal): Promise<StsPolicy> {
  const text = await fetchText(fetcher, `mta-sts.${domain}`, signal);
  const policy = parseStsPolicy(text);
  if (!policy) throw new PolicyError('sts-policy-invalid', `mta-sts.${domain} serves something that is no policy`);
  return policy;
}

async function fetchText(fetcher: PolicyFetcher, host: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (message: string, cause?: Error): void => reject(new PolicyError(typeOf(cause), `${host}: ${message}`, { cause }));
  const asked = request({
    host,
    servername: host,
    port: fetcher.port ?? 443,
    path: '/.well-known/mta-sts.txt',
    method: 'GET',
    headers: { 'User-Agent': 'Capri', Accept: 'text/plain' },
    agent: false,
    lookup: guardedLookup(fetcher),
    // DNS names only, as Node has it, and never an address.
    checkServerIdentity,
    signal,
    ...(fetcher.ca !== undefined && { ca: fetcher.ca }),
  });
  const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), fetcher.timeoutMs ?? LONGEST_MS);
  asked.on('error', (error) => fail(error.message, error));
  asked.on('response', (response) => {
    const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (response.statusCode !== 200) fail(`answers ${response.statusCode}`);
    else if (type !== 'text/plain') fail(`serves ${type === '' ? 'no type' : (type ?? '')} instead of text/plain`);
    else {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_BYTES) response.destroy(new Error(`serves more than ${LARGEST_BYTES} octets`));
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail(error.message, error));
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      return;
    }
    response.destroy();
  });
  // 101, which nobody has asked for: without this Node drops the connection and says nothing.
  asked.on('upgrade', ({ statusCode }, socket) => {
    fail(`answers ${statusCode}`);
    socket.destroy();
  });
  asked.end();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    asked.destroy();
  }
}

function typeOf(cause: Error | undefined): PolicyError['type'] {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code) ? 'sts-webpki-invalid' : 'sts-policy-fetch-error';
}
