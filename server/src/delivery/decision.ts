/**
 * What becomes of a message after what was found out about its origin. A pure function: the same findings and settings give the same decision, which stands with its
 * reasons in the trail.
 *
 * RFC 9989 §5.3.6, §7.4 (p=reject alone is no ground to refuse) · RFC 8617 §7.2.1 (ARC as a ground to accept) · RFC 7208 §8.4 (SPF fail) · RFC 7372 §3 (reply codes)
 *
 * p=reject asks that mail which fails be refused; §7.4 forbids to do so for that alone, because mailing lists and forwards break what is checked. So it is refused
 * only where nothing speaks for it: no signature of anybody has survived, SPF has not passed for anybody, no list and no forward has left a sign. Otherwise
 * it goes to Junk, as §7.4 has it, where its recipient can still find it.
 */
import type { Checks } from '#authenticity/results.ts';
import { parseAuthenticationResults } from '#authenticity/read-authentication-results.ts';
import type { AuthorProblem } from './checks/author.ts';
import type { AuthenticitySettings } from './checks/settings.ts';

/**
 * author-passes: DMARC passed. no-policy: the author's domain has none, or none that asks for anything. temporary-error: the DNS did not answer. arc: a trusted
 * server has sealed that it passed there. policy-quarantine, policy-reject: what the policy asks for. indirect: a sign of a list or forward. dkim-survives: somebody's
 * signature is good. spf-of-another: the server may send for the envelope's domain. nobody-vouches: none of these. spf-fail: the envelope's domain says that the
 * server may not send for it. several-from: more than one From field, or one with more domains than are asked about. long-header:
 * so long a header that nobody has looked whom it names.
 */
export type DecisionReason =
  | 'author-passes'
  | 'no-policy'
  | 'temporary-error'
  | 'arc'
  | 'policy-quarantine'
  | 'policy-reject'
  | 'indirect'
  | 'dkim-survives'
  | 'spf-of-another'
  | 'nobody-vouches'
  | 'spf-fail'
  | 'several-from'
  | 'long-header';

export type Decision = { readonly reasons: readonly DecisionReason[] } & (
  | { readonly action: 'accept' }
  | { readonly action: 'quarantine' }
  | { readonly action: 'reject'; readonly enhanced: string; readonly text: string }
);

export interface Findings {
  readonly checks: Checks;
  readonly authorProblem: AuthorProblem | undefined;
  /** Of `indirectSign`. */
  readonly indirect: string | undefined;
}

export function decide(findings: Findings, settings: Pick<AuthenticitySettings, 'spfFail' | 'trustedSealers'>): Decision {
  const { checks, authorProblem } = findings;
  // Programs choose differently which of them to show; and padding must not be a way past the policy of who is named.
  if (authorProblem === 'several-from' || authorProblem === 'long-header') return { action: 'quarantine', reasons: [authorProblem] };
  switch (checks.dmarc.result) {
    case 'pass':
      return { action: 'accept', reasons: ['author-passes'] };
    case 'temperror':
      return { action: 'accept', reasons: ['temporary-error'] };
    case 'none':
    case 'permerror':
      return withoutPolicy(checks, settings.spfFail);
    case 'fail':
      return afterFail(findings, settings);
  }
}

function withoutPolicy({ spf }: Checks, spfFail: AuthenticitySettings['spfFail']): Decision {
  if (spf.result !== 'fail') return { action: 'accept', reasons: ['no-policy'] };
  const reasons: readonly DecisionReason[] = ['spf-fail', 'no-policy'];
  if (spfFail !== 'reject') return { action: spfFail, reasons };
  // Whose words the explanation is must be told: RFC 7208 §6.2.
  const explanation = spf.explanation === undefined ? '' : `; ${plain(spf.domain)} explains: ${spf.explanation.slice(0, EXPLANATION)}`;
  return { action: 'reject', reasons, enhanced: '5.7.23', text: `SPF of ${plain(spf.domain)} does not allow mail from your address${explanation}` };
}

function afterFail({ checks, indirect }: Findings, settings: Pick<AuthenticitySettings, 'spfFail' | 'trustedSealers'>): Decision {
  const { dmarc, dkim, spf } = checks;
  if (dmarc.policy === undefined || dmarc.policy === 'none') return withoutPolicy(checks, settings.spfFail);
  if (isSealedByTrusted(checks, settings.trustedSealers)) return { action: 'accept', reasons: ['arc', `policy-${dmarc.policy}`] };
  if (dmarc.policy === 'quarantine') return { action: 'quarantine', reasons: ['policy-quarantine'] };
  const mitigating: DecisionReason[] = [];
  if (dkim.some(({ result }) => result === 'pass')) mitigating.push('dkim-survives');
  if (spf.result === 'pass') mitigating.push('spf-of-another');
  if (indirect !== undefined) mitigating.push('indirect');
  if (spf.result === 'temperror' || dkim.some(({ result }) => result === 'temperror')) mitigating.push('temporary-error');
  if (mitigating.length > 0) return { action: 'quarantine', reasons: ['policy-reject', ...mitigating] };
  const signatures = dkim.length === 0 ? 'no DKIM signature' : 'no valid DKIM signature';
  return {
    action: 'reject',
    reasons: ['policy-reject', 'nobody-vouches'],
    enhanced: '5.7.26',
    text: `Mail of ${plain(dmarc.fromDomain)} must be authenticated (DMARC p=reject): SPF ${spf.result}, ${signatures}`,
  };
}

/**
 * An unbroken chain whose newest set is from a trusted server that has seen DMARC pass, or that has seen an unbroken chain while all that sealed before it are
 * trusted as well. Who is not trusted may have sealed anything.
 */
function isSealedByTrusted({ arc, dmarc }: Checks, trustedSealers: readonly string[]): boolean {
  const [newest] = arc.sealers;
  if (arc.result !== 'pass' || newest === undefined || !trustedSealers.includes(newest) || arc.authenticationResults === undefined) return false;
  const seen = parseAuthenticationResults(arc.authenticationResults)?.results ?? [];
  const hasPassed = seen.some(({ method, result, properties }) => {
    if (method !== 'dmarc' || result !== 'pass') return false;
    const from = properties.find(({ type, name }) => type === 'header' && name === 'from')?.value.toLowerCase();
    return from === dmarc.fromDomain || from?.endsWith(`@${dmarc.fromDomain}`) === true;
  });
  if (hasPassed) return true;
  return seen.some(({ method, result }) => method === 'arc' && result === 'pass') && arc.sealers.every((sealer) => trustedSealers.includes(sealer));
}

const EXPLANATION = 200;

/** A domain of the message in a line of ours. */
function plain(domain: string): string {
  return domain.replace(/[^A-Za-z0-9._-]/g, '?').slice(0, 255);
}
