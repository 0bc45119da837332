/** What the administrator can set about reports, and what this folder needs of the others. */
import type { Clock } from '#core/clock.ts';
import type { Log } from '#log/log.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import type { Store } from '#store/store.ts';

export interface ReportSettings {
  /** Whether DMARC reports about the mail of other domains are sent. */
  readonly sendsDmarc: boolean;
  /** Whether TLS reports about the servers of other domains are sent. */
  readonly sendsTls: boolean;
  /** Who reports, in words. */
  readonly organization: string;
  /** Reports come from this address, and answers about them go there. */
  readonly sender: string;
  readonly contact: string;
  /** Our name, in subjects and file names. */
  readonly hostname: string;
}

export interface ReportServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly resolver: Resolver;
  readonly settings: ReportSettings;
}

export const DAY_MS = 86_400_000;

/** `2026-11-23`, UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first millisecond of a day. */
export function dayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
