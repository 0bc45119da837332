/**
 * Whether a domain elsewhere wants the reports that a policy asks to be sent there: without that check anybody could have a victim flooded with reports.
 *
 * RFC 9990 §4 (Verifying External Destinations)
 */
import { domainToName } from '../domain-name.ts';
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import { type ReportUri, parseDmarcRecord, readReportUri } from './record.ts';
import { areOneOrganization } from './tree-walk.ts';

export interface ReportPermission {
  /** `temperror`: the DNS could not say; try with the next report. */
  readonly result: 'allowed' | 'refused' | 'temperror';
  /** Where to send to: the URI itself, or what the destination's own record says instead. Empty unless allowed. */
  readonly uris: readonly string[];
}

const LONGEST_NAME = 253;
const REFUSED: ReportPermission = { result: 'refused', uris: [] };

/** Whether reports about `policyDomain` (where the record was found) may go to `uri`, one of its `rua=`. Only `mailto:` ones can be allowed. Never throws. */
export async function mayReportTo(resolver: Resolver, policyDomain: string, uri: string): Promise<ReportPermission> {
  const target = readReportUri(uri);
  const policy = domainToName(policyDomain);
  if (target?.host === undefined || policy === undefined) return REFUSED;
  try {
    if (await areOneOrganization(resolver, policy, target.host)) return { result: 'allowed', uris: [target.uri] };
    const name = `${policy}._report._dmarc.${target.host}`;
    if (name.length > LONGEST_NAME) return REFUSED;
    const answer = await resolver.resolveTxt(name);
    const records = answer.records.map(parseDmarcRecord).filter((record) => record !== undefined);
    if (records.length === 0) return REFUSED;
    return permission(
      target,
      target.host,
      records.flatMap((record) => record.rua),
    );
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return { result: 'temperror', uris: [] };
  }
}

/** The destination may name another address of its own; if it names one elsewhere, nobody gets a report. */
function permission(target: ReportUri, host: string, others: readonly ReportUri[]): ReportPermission {
  if (others.length === 0) return { result: 'allowed', uris: [target.uri] };
  if (others.some((other) => other.host !== host)) return REFUSED;
  return { result: 'allowed', uris: others.map((other) => other.uri) };
}
