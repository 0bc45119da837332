/** What the administrator can set about sending mail, and what this room needs of the others. */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import type { Log } from '#log/log.ts';
import type { Store } from '#store/store.ts';
import type { MessageContent } from './content.ts';
import type { QueuedMessage } from './queue-rows.ts';
import type { MailTransport, Relay } from './transport.ts';

export interface Route extends Relay {
  /** Lower-case A-labels: `partner.example`; `.partner.example` for everything below it. */
  readonly domain: string;
}

export interface QueueSettings {
  /** Our name in notices. */
  readonly hostname: string;
  /** Notices come from postmaster@ here. */
  readonly domain: string;
  /** Waiting times between attempts; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
  readonly giveUpAfterMs: number;
  /** The sender hears of a delay after this long. */
  readonly delayNoticeAfterMs: number;
  /** Connections to other servers at one time. */
  readonly connections: number;
  readonly connectionsPerDomain: number;
  /** Takes all mail for elsewhere that no route takes. */
  readonly smarthost: Relay | undefined;
  readonly routes: readonly Route[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const DEFAULT_QUEUE_SETTINGS: Omit<QueueSettings, 'hostname' | 'domain'> = {
  retryDelaysMs: [5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS, 40 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS],
  giveUpAfterMs: 5 * 24 * HOUR_MS,
  delayNoticeAfterMs: 4 * HOUR_MS,
  connections: 50,
  connectionsPerDomain: 5,
  smarthost: undefined,
  routes: [],
};

/** A notice to somebody whose mailbox is here. */
export interface LocalNotice {
  readonly localPart: string;
  readonly domain: string;
  /** The whole message; its reverse-path is the null one. */
  readonly bytes: Uint8Array;
}

export interface QueueServices {
  readonly store: Store;
  readonly transport: MailTransport;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: QueueSettings;
  /** Names this scheduler in leases: the same after a restart, different from any other that runs at the same time. */
  readonly owner: string;
  isLocalDomain(domain: string): Promise<boolean>;
  /** `refused`: nobody there, for good. Throws when it may succeed later. */
  deliverLocal(notice: LocalNotice): Promise<'delivered' | 'refused'>;
  /** The signatures to put in front of a message that leaves: whole header fields, empty where there is nothing to sign. Called when an attempt begins. */
  sign?(message: Pick<QueuedMessage, 'account'>, content: Pick<MessageContent, 'sizeBytes' | 'read'>): Promise<Uint8Array>;
  /** The language of notices to an account; English where it is not known. */
  languageOf?(account: AccountId): Promise<string>;
}
