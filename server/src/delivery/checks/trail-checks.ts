/** The findings and the decision in the words of the trail. */
import type { Checks } from '#authenticity/results.ts';
import type { TrailChecks } from '#trail/checks.ts';
import type { Decision } from '../decision.ts';

export function trailChecks({ spf, dkim, dmarc, arc, iprev }: Checks, { action, reasons }: Decision, enforced: boolean): TrailChecks {
  const { policyDomain, policy, published, reportTo, alignedSpf, alignedDkim } = dmarc;
  return {
    action,
    enforced,
    reasons,
    spf: { result: spf.result, domain: spf.domain, scope: spf.scope, mechanism: spf.mechanism, reason: spf.reason },
    dkim: dkim.map(({ result, domain, selector, algorithm, reason }) => ({ result, domain, selector, algorithm, reason })),
    dmarc: { result: dmarc.result, from: dmarc.fromDomain, policyDomain, policy, published, reportTo, alignedSpf, alignedDkim, reason: dmarc.reason },
    arc: arc.instances === 0 ? undefined : { result: arc.result, sealers: arc.sealers, reason: arc.reason },
    iprev: { result: iprev.result, name: iprev.name },
  };
}
