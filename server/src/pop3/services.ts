/** What a POP3 session works with; put together once by the composition root. */
import type { Clock } from '#core/clock.ts';
import type { Directory } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import type { RateLimiter } from '#net/rate-limit.ts';
import type { Store } from '#store/store.ts';

export interface Pop3Services {
  readonly store: Store;
  readonly directory: Directory;
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: Pop3Settings;
  /** Sign-ins of an account, common to all threads: `{ burst, intervalMs: loginDelaySeconds * 1000 }`. Undefined: LOGIN-DELAY is advertised and not enforced. */
  readonly loginDelay: RateLimiter | undefined;
}

export interface Pop3Settings {
  /** For the greeting. */
  readonly hostname: string;
  /** For IMPLEMENTATION. */
  readonly version: string;
  /** How long a client may be silent: at least 10 minutes (RFC 1939 §3). */
  readonly idleTimeoutMs: number;
  /** How long a client may take to sign in. */
  readonly signInTimeoutMs: number;
  /** What LOGIN-DELAY says, in seconds; 0: it says nothing. */
  readonly loginDelaySeconds: number;
}

export const DEFAULT_POP3_SETTINGS: Omit<Pop3Settings, 'hostname' | 'version'> = {
  idleTimeoutMs: 10 * 60_000,
  signInTimeoutMs: 60_000,
  loginDelaySeconds: 300,
};
