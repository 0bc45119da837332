/**
 * Whether mail can be passed on so that the next server still believes in its author.
 *
 * RFC 9989 (DMARC: SPF speaks for us after forwarding, so only an aligned DKIM signature carries the author's name further) · RFC 7960 §3.2 (forwarding and DMARC)
 */
import type { Checks } from '#authenticity/results.ts';

/** Why a target elsewhere would refuse it; undefined where nothing speaks against it. `checks` are undefined for mail from here, which is signed on its way out. */
export function unforwardable(checks: Checks | undefined): 'dmarc' | undefined {
  if (checks === undefined) return undefined;
  const { dmarc } = checks;
  const isEnforced = dmarc.policy === 'reject' || dmarc.policy === 'quarantine';
  return isEnforced && !dmarc.alignedDkim ? 'dmarc' : undefined;
}
