/** The MTA-STS policy that this server's settings make: served by the https listener, announced by `capri domain dns`. */
import type { Config } from '#config/config.ts';
import { type OwnPolicy, ownStsPolicy } from '#queue/transport-security/own-policy.ts';

export function ownPolicy({ mtaSts, smtp, server }: Config): OwnPolicy {
  const { mode, mx, maxAgeMs } = mtaSts;
  return ownStsPolicy({ mode, mx: mx.length > 0 ? mx : [smtp.hostname ?? server.hostname], maxAgeS: Math.floor(maxAgeMs / 1000) });
}
