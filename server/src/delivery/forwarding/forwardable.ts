/**
 * Whether mail can be passed on: so that the next server still believes in its author, and so that it believes in nobody whom we do not believe in ourselves.
 *
 * RFC 9989 (DMARC: SPF speaks for us after forwarding, so only an aligned DKIM signature carries the author's name further) · RFC 7960 §3.2 (forwarding and DMARC)
 *
 * What leaves under our name passes SPF for it, and with it DMARC for every author of our domains: a stranger's message that claims to be from one of them would
 * become genuine by being forwarded. So it must have proved before that it is.
 */
import type { Checks } from '#authenticity/results.ts';

/** dmarc: the target would refuse it. forged: it claims to be from here, and nothing proves it. */
export type Obstacle = 'dmarc' | 'forged';

/**
 * Why it is not passed on; undefined where nothing speaks against it. `checks` are undefined for mail from here, which is signed on its way out. `under` is the
 * domain that SPF of the next server asks about.
 */
export function unforwardable(checks: Checks | undefined, under: string): Obstacle | undefined {
  if (checks === undefined) return undefined;
  const { dmarc, dkim, spf } = checks;
  // No author, several, or one that nobody could read: it might be one of ours.
  if (dmarc.fromDomain === '') return 'dmarc';
  const isOurs = isRelated(dmarc.fromDomain, under);
  if (isOurs) {
    const isProved =
      (spf.result === 'pass' && isRelated(spf.domain, dmarc.fromDomain)) ||
      dkim.some(({ result, domain }) => result === 'pass' && isRelated(domain, dmarc.fromDomain));
    // With that proof it leaves under the same domain as it came.
    return isProved ? undefined : 'forged';
  }
  const isEnforced = dmarc.policy === 'reject' || dmarc.policy === 'quarantine';
  return isEnforced && !dmarc.alignedDkim ? 'dmarc' : undefined;
}

/** Whether one is the other or lies below it: no wider than what DMARC takes for the same organization. */
function isRelated(one: string, other: string): boolean {
  return one !== '' && (one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`));
}
