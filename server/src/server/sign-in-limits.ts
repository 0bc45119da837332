/** `[limits]` on failed sign-ins, as the directory wants them. */
import type { Config } from '#config/config.ts';
import { DEFAULT_LIMITS, type Rate, type SignInLimits } from '#directory/sign-in-limits.ts';

export function signInLimits({ limits }: Config): SignInLimits {
  return {
    ...DEFAULT_LIMITS,
    perAddressAndAccount: hourly(limits.signInFailuresPerAddress),
    perNetwork: hourly(limits.signInFailuresPerNetwork),
    perAccount: limits.signInFailuresPerAccount === 0 ? UNLIMITED : { ...DEFAULT_LIMITS.perAccount, burst: limits.signInFailuresPerAccount },
    global: limits.signInFailuresTotal === 0 ? UNLIMITED : { ...DEFAULT_LIMITS.global, burst: limits.signInFailuresTotal },
    maxDelayMs: limits.signInDelayMs,
  };
}

const HOUR_MS = 3_600_000;
const UNLIMITED: Rate = { burst: 1_000_000, intervalMs: 1 };

function hourly(count: number): Rate {
  return count === 0 ? UNLIMITED : { burst: count, intervalMs: HOUR_MS / count };
}
