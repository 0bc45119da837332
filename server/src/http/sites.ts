/**
 * What is served under which host name. Each site has its own origin, so that a fault in one owns none of the others (ARCHITECTURE "Origins in the browser");
 * a name that is no site's is answered with 404.
 *
 * RFC 9110 §4.2.2 (https), §9.3.1 (GET, HEAD), §15.5.5, §15.5.6 · RFC 6797 (HSTS)
 */
import { Hono } from 'hono';
import type { Log } from '#log/log.ts';
import { policySite, type PolicySource, STS_HOST_PREFIX } from './mta-sts.ts';

export interface SiteServices {
  readonly log: Log;
  readonly policy: PolicySource;
}

/** On every answer, whatever site it is from; a site that needs more says so itself. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
};

/** All sites as one application: it takes a request and gives a response, without sockets. */
export function sites({ log, policy }: SiteServices): Hono {
  const all = new Hono();
  const policies = policySite(policy);
  all.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  });
  all.all('*', async (context) => {
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') return context.text('Method not allowed\n', 405, { Allow: 'GET, HEAD' });
    const { hostname } = new URL(context.req.url);
    return hostname.startsWith(STS_HOST_PREFIX) ? await policies.fetch(context.req.raw) : notFound();
  });
  all.notFound(() => notFound());
  policies.notFound(() => notFound());
  const failed = (error: Error): Response => {
    const reference = log.error('server.bug', error);
    return new Response(`Internal error ${String(reference)}\n`, { status: 500, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
  };
  all.onError(failed);
  policies.onError(failed);
  return all;
}

function notFound(): Response {
  return new Response('Not found\n', { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
