/** The MTA-STS policy of the domains here, as they serve it themselves, and the record that announces it. RFC 8461 §3.1, §3.2 */
import { createHash } from 'node:crypto';
import { formatStsPolicy, type StsMode } from './sts-policy.ts';

export interface OwnPolicy {
  readonly text: string;
  /** For `_mta-sts.DOMAIN`: another text has another id. */
  readonly id: string;
  /** The TXT record whole. */
  readonly record: string;
}

export function ownStsPolicy(settings: { readonly mode: StsMode; readonly mx: readonly string[]; readonly maxAgeS: number }): OwnPolicy {
  const text = formatStsPolicy(settings);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 20);
  return { text, id, record: `v=STSv1; id=${id};` };
}
