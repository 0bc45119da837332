/**
 * What the trail tells of a message's origin: `details.checks` of `received` and `refused`. Short words, for there is one for each message; what is undefined is
 * left out of the row. Explanations, notices and aggregate reports (RFC 9990 §2.1: source address, author's domain, policy, disposition, results) are made from it.
 */
import type { DmarcPolicy, DmarcResult, DkimResultName, IprevResult, SpfResultName } from '#authenticity/results.ts';
import type { TrailEntry } from './entry.ts';

// Types, not interfaces: only they can be given where any JSON may stand.
export type TrailChecks = {
  /** What was decided; done only where `enforced`. */
  readonly action: 'accept' | 'quarantine' | 'reject';
  readonly enforced: boolean;
  /** Why, the weightiest first: see delivery/decision.ts for the words. */
  readonly reasons: readonly string[];
  readonly spf: {
    readonly result: SpfResultName;
    readonly domain: string;
    readonly scope: 'mfrom' | 'helo';
    readonly mechanism?: string | undefined;
    readonly reason?: string | undefined;
  };
  /** In the order of the header. */
  readonly dkim: ReadonlyArray<{
    readonly result: DkimResultName;
    readonly domain: string;
    readonly selector: string;
    readonly algorithm: string;
    readonly reason?: string | undefined;
  }>;
  readonly dmarc: {
    readonly result: DmarcResult['result'];
    /** The author's domain; empty where there is no single one. */
    readonly from: string;
    readonly policyDomain?: string | undefined;
    readonly policy?: DmarcPolicy | undefined;
    readonly published?: DmarcResult['published'];
    /** `rua=`. */
    readonly reportTo?: readonly string[] | undefined;
    readonly alignedSpf: boolean;
    readonly alignedDkim: boolean;
    readonly reason?: string | undefined;
  };
  /** Left out where the message was never sealed. */
  readonly arc?: { readonly result: 'pass' | 'fail' | 'none'; readonly sealers: readonly string[]; readonly reason?: string | undefined } | undefined;
  readonly iprev: { readonly result: IprevResult['result']; readonly name?: string | undefined };
};

/** What the checks of this event's message came to; undefined where there were none (submitted mail, trusted servers, other events). */
export function checksOf({ event, details }: Pick<TrailEntry, 'event' | 'details'>): TrailChecks | undefined {
  if (event !== 'received' && event !== 'refused') return undefined;
  return details['checks'] as TrailChecks | undefined;
}
