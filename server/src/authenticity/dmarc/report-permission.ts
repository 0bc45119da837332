/** Whether a domain elsewhere wants the reports that a policy asks to be sent there. RFC 9990 §4 */
import type { Resolver } from '#net/dns/resolver.ts';

/** `temperror`: the DNS could not say; try with the next report. */
export type ReportPermission = 'allowed' | 'refused' | 'temperror';

/** Whether reports about `policyDomain` may go to `uri` (one of its `rua=`). Never throws. */
export async function mayReportTo(_resolver: Resolver, _policyDomain: string, _uri: string): Promise<ReportPermission> {
  return await Promise.resolve('refused');
}
