/**
 * The MTA-STS policy of each domain here, at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`.
 *
 * RFC 8461 §3.2, §3.3 · RFC 8615 (.well-known)
 */
import { Hono } from 'hono';

export interface PolicySource {
  /** The text that every domain here serves. */
  readonly text: string;
  isLocalDomain(domain: string): Promise<boolean>;
}

export const STS_HOST_PREFIX = 'mta-sts.';
/** Senders keep it for `max_age` whatever this says; whoever else asks need not ask often. */
const CACHE_S = 300;

/** What is served under `mta-sts.DOMAIN`. */
export function policySite(source: PolicySource): Hono {
  const site = new Hono();
  site.get('/.well-known/mta-sts.txt', async (context) => {
    const domain = new URL(context.req.url).hostname.slice(STS_HOST_PREFIX.length);
    if (!(await source.isLocalDomain(domain))) return context.notFound();
    // RFC 8461 §3.2: text/plain, and lines that end in CRLF.
    return context.body(source.text, 200, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': `max-age=${CACHE_S}` });
  });
  return site;
}
