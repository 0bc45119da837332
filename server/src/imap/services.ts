/** What an IMAP session works with; put together once by the composition root. */
import type { Clock } from '#core/clock.ts';
import type { Directory } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import type { Mechanism } from '#sasl/mechanism.ts';
import type { Store } from '#store/store.ts';

export interface ImapServices {
  readonly store: Store;
  readonly directory: Directory;
  readonly mechanisms: readonly Mechanism[];
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: ImapSettings;
}

export interface ImapSettings {
  /** For the greeting. */
  readonly hostname: string;
  /** For ID. */
  readonly version: string;
  /** Octets that a message may have: APPENDLIMIT (RFC 7889). */
  readonly appendLimitBytes: number;
  /** How long a signed-in client may be silent: at least 30 minutes (RFC 9051 §5.4). */
  readonly idleTimeoutMs: number;
  /** How long a client may take to sign in. */
  readonly signInTimeoutMs: number;
}

export const DEFAULT_IMAP_SETTINGS: Omit<ImapSettings, 'hostname' | 'version'> = {
  appendLimitBytes: 50 * 2 ** 20,
  idleTimeoutMs: 31 * 60_000,
  signInTimeoutMs: 3 * 60_000,
};
