/** RFC 9989 */
import type { Resolver } from '#net/dns/resolver.ts';
import type { DkimResult, DmarcResult, SpfResult } from '../results.ts';

export interface DmarcQuery {
  /** The domains of all addresses in the From field, as written (A-labels or UTF-8). */
  readonly fromDomains: readonly string[];
  readonly spf: SpfResult;
  readonly dkim: readonly DkimResult[];
}

/** Whether SPF or DKIM speaks for the author's domain, and what that domain asks for otherwise. Never throws. */
export async function evaluateDmarc(_resolver: Resolver, query: DmarcQuery): Promise<DmarcResult> {
  return await Promise.resolve({ result: 'none', fromDomain: query.fromDomains[0] ?? '', alignedSpf: false, alignedDkim: false });
}
