/**
 * What an aggregate report tells: messages that fared alike, counted, by the domain whose policy it was. Bounded: what a flood of forged domains or sources would make
 * of it is left out and said so.
 *
 * RFC 9990 §3.1
 */
import { isAtOrBelow } from '#authenticity/domain-name.ts';
import type { DmarcPolicy } from '#authenticity/results.ts';
import type { TrailChecks } from '#trail/checks.ts';

export interface DmarcRow {
  readonly sourceIp: string;
  readonly disposition: 'none' | 'pass' | 'quarantine' | 'reject';
  readonly dkim: 'pass' | 'fail';
  readonly spf: 'pass' | 'fail';
  readonly overrides: readonly PolicyOverride[];
  readonly headerFrom: string;
  /** Empty for the null reverse-path. */
  readonly envelopeFrom: string;
  readonly dkimResults: ReadonlyArray<{ readonly domain: string; readonly selector: string; readonly result: string }>;
  readonly spfResult: { readonly domain: string; readonly scope: 'mfrom' | 'helo'; readonly result: string };
}

/** Why something else was done than the policy asks for. */
export interface PolicyOverride {
  readonly type: 'local_policy' | 'mailing_list' | 'other' | 'policy_test_mode' | 'trusted_forwarder';
  readonly comment: string;
}

export interface DomainTally {
  readonly domain: string;
  /** The newest policy of the day. */
  readonly published: NonNullable<TrailChecks['dmarc']['published']>;
  readonly reportTo: readonly string[];
  readonly rows: ReadonlyArray<{ readonly row: DmarcRow; readonly count: number }>;
  /** Messages that are in no row, because there were too many kinds of them. */
  readonly leftOut: number;
}

/** A message as the trail has it. */
export interface CheckedMessage {
  readonly checks: TrailChecks;
  readonly sourceIp: string;
  /** Reverse-path. */
  readonly sender: string;
  readonly isRefused: boolean;
}

const MOST_ROWS = 10_000;
const MOST_ROWS_OF_ALL = 200_000;
const MOST_DOMAINS = 20_000;
/** Signatures in a row: as many as are looked at in one message. RFC 9990 §3.1.3: at most 100. */
const MOST_SIGNATURES = 10;

interface Growing {
  published: DomainTally['published'];
  reportTo: readonly string[];
  readonly rows: Map<string, { readonly row: DmarcRow; count: number }>;
  leftOut: number;
}

export class DmarcTally {
  readonly #domains = new Map<string, Growing>();
  #rows = 0;

  /** Counts a message whose author's domain has a policy that asks for reports; others are passed over. */
  add(message: CheckedMessage): void {
    const { dmarc } = message.checks;
    const { policyDomain, published, reportTo = [] } = dmarc;
    if (dmarc.result !== 'pass' && dmarc.result !== 'fail') return;
    if (policyDomain === undefined || published === undefined || reportTo.length === 0 || message.sourceIp === '') return;
    let growing = this.#domains.get(policyDomain);
    if (growing === undefined) {
      if (this.#domains.size >= MOST_DOMAINS) return;
      growing = { published, reportTo, rows: new Map(), leftOut: 0 };
      this.#domains.set(policyDomain, growing);
    }
    growing.published = published;
    growing.reportTo = reportTo;
    const row = rowOf(message);
    const key = JSON.stringify(row);
    const known = growing.rows.get(key);
    if (known !== undefined) known.count++;
    else if (growing.rows.size >= MOST_ROWS || this.#rows >= MOST_ROWS_OF_ALL) growing.leftOut++;
    else {
      growing.rows.set(key, { row, count: 1 });
      this.#rows++;
    }
  }

  /** In alphabetical order. */
  *domains(): Iterable<DomainTally> {
    for (const domain of [...this.#domains.keys()].toSorted()) {
      const { published, reportTo, rows, leftOut } = this.#domains.get(domain) ?? { published: undefined, reportTo: [], rows: new Map(), leftOut: 0 };
      if (published !== undefined) yield { domain, published, reportTo, rows: [...rows.values()].toSorted((one, other) => other.count - one.count), leftOut };
    }
  }
}

function rowOf({ checks, sourceIp, sender, isRefused }: CheckedMessage): DmarcRow {
  const { dmarc, dkim, spf } = checks;
  // "pass" is for policies that ask for something (RFC 9990 Appendix A).
  const passed = publishedFor(dmarc) === 'none' ? 'none' : 'pass';
  const disposition = dmarc.result === 'pass' ? passed : isRefused ? 'reject' : checks.enforced && checks.action === 'quarantine' ? 'quarantine' : 'none';
  const at = sender.lastIndexOf('@');
  return {
    sourceIp,
    disposition,
    dkim: dmarc.alignedDkim ? 'pass' : 'fail',
    spf: dmarc.alignedSpf ? 'pass' : 'fail',
    overrides: overridesOf(checks, disposition),
    headerFrom: dmarc.from,
    envelopeFrom: at < 0 ? '' : sender.slice(at + 1).toLowerCase(),
    dkimResults: dkim
      .filter(({ domain, selector }) => domain !== '' && selector !== '')
      .toSorted((one, other) => rankOf(one, dmarc) - rankOf(other, dmarc))
      .slice(0, MOST_SIGNATURES)
      .map(({ domain, selector, result }) => ({ domain, selector, result })),
    spfResult: { domain: spf.domain, scope: spf.scope, result: spf.result },
  };
}

const STRICTNESS = { none: 0, pass: 0, quarantine: 1, reject: 2 } as const;

const LESS: Readonly<Record<DmarcPolicy, DmarcPolicy>> = { none: 'none', quarantine: 'none', reject: 'quarantine' };

/** What the record says for this author's domain, before its test mode (`t=y`) lowers it. */
function publishedFor({ from, policyDomain, policy = 'none', published }: TrailChecks['dmarc']): DmarcPolicy {
  if (published?.isTesting !== true) return policy;
  return from === policyDomain ? published.p : ([published.sp, published.np].find((one) => LESS[one] === policy) ?? policy);
}

/** Which signatures tell most: RFC 9990 §3.1.3. */
function rankOf({ domain, result }: TrailChecks['dkim'][number], { from, alignedDkim }: TrailChecks['dmarc']): number {
  if (result !== 'pass') return 3;
  if (domain === from) return 0;
  return alignedDkim && (isAtOrBelow(domain, from) || isAtOrBelow(from, domain)) ? 1 : 2;
}

/** RFC 9990 §3.1.1.9, §3.1.6 */
function overridesOf({ dmarc, reasons, enforced }: TrailChecks, disposition: DmarcRow['disposition']): readonly PolicyOverride[] {
  if (dmarc.result === 'pass') return [];
  const asked = dmarc.policy ?? 'none';
  // A test of a policy that asks for nothing changes nothing (RFC 9989 §4.7).
  if (dmarc.published?.isTesting === true && publishedFor(dmarc) !== 'none' && STRICTNESS[disposition] <= STRICTNESS[asked])
    return [{ type: 'policy_test_mode', comment: '' }];
  if (STRICTNESS[disposition] === STRICTNESS[asked]) return [];
  if (reasons.includes('arc')) return [{ type: 'trusted_forwarder', comment: 'arc=pass' }];
  if (reasons.includes('indirect')) return [{ type: 'mailing_list', comment: '' }];
  return [{ type: 'local_policy', comment: enforced ? reasons.join(', ').slice(0, 200) : 'policies are not enforced here' }];
}
