/** What the administrator can set about sending mail, and what this room needs of the others. */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import type { Log } from '#log/log.ts';
import type { Store } from '#store/store.ts';
import type { QueuedMessage } from './queue-rows.ts';
import type { SuppressionRule } from './suppression.ts';
import type { MailTransport, Relay, Source } from './transport.ts';

/** Where some of the mail goes, and how. What is not said holds for all: a route fits when everything that it says fits. */
export interface Route {
  /** Of the recipient, lower-case A-labels: `partner.example`; `.partner.example` for everything below it. */
  readonly domain?: string | undefined;
  /** Of the reverse-path: an address, a domain, or everything below a domain. */
  readonly sender?: string | undefined;
  /** The login of the account that has submitted it. */
  readonly account?: string | undefined;
  /** Undefined: the recipient's own servers. */
  readonly relay?: Relay | undefined;
  readonly source?: Source | undefined;
}

/** How fast mail goes to a destination. */
export interface DestinationLimits {
  /** Connections at one time. */
  readonly connections: number;
  readonly messagesPerConnection: number;
  readonly recipientsPerMessage: number;
  /** From the beginning of one message to that of the next, over all connections. */
  readonly intervalMs: number;
}

/** What differs for one destination. */
export interface DestinationRule {
  /** Of the recipient (or everything below it, `.example`), or the host of a relay. */
  readonly domain: string;
  readonly connections?: number | undefined;
  readonly messagesPerConnection?: number | undefined;
  readonly recipientsPerMessage?: number | undefined;
  readonly intervalMs?: number | undefined;
  /** When the sender hears that a message to there is late. */
  readonly delayNoticeAfterMs?: number | undefined;
}

/** What differs for senders of one domain. */
export interface SenderRule {
  readonly domain: string;
  readonly delayNoticeAfterMs: number;
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
  /** Of connections that no route says anything about. */
  readonly source: Source | undefined;
  readonly routes: readonly Route[];
  readonly destinations: readonly DestinationRule[];
  readonly senders: readonly SenderRule[];
  readonly suppression: SuppressionRule;
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
  source: undefined,
  routes: [],
  destinations: [],
  senders: [],
  suppression: { afterBounces: 3, forMs: 30 * 24 * HOUR_MS },
};

/** The octets of a message that is about to be sent. */
export interface OutgoingContent {
  readonly sizeBytes: number;
  /** The octets [start, start + length). */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Mail of a sender here for an address here that was held back until now. */
export interface HeldBack {
  readonly sender: string;
  readonly localPart: string;
  readonly domain: string;
  readonly content: OutgoingContent;
}

/** Parts of a reverse-path. */
export interface Address {
  readonly localPart: string;
  /** Lower-case A-labels, or an address literal. */
  readonly domain: string;
}

export interface LocalAccount {
  readonly account: AccountId;
  /** Its mail goes on to others. */
  readonly isForwarded: boolean;
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
  /** Who stands behind a sender that forwarding has rewritten (SRS); undefined where it is not such a one. */
  trueSender?(sender: Address): Promise<Address | undefined>;
  /** Whose mailbox an address here is; undefined: nobody's, for good. Throws when it cannot be known now. */
  resolveLocal(localPart: string, domain: string): Promise<LocalAccount | undefined>;
  /** Files a notice for somebody whose mail is forwarded, and sends it on; `refused`: nobody there, for good. Throws when it may succeed later. */
  deliverLocal?(notice: Address & { readonly bytes: Uint8Array }): Promise<'delivered' | 'refused'>;
  /** Files a message whose time has come; false: nobody there, for good. Throws when it may succeed later. */
  deliverHere?(message: HeldBack): Promise<boolean>;
  /** The language of notices to an account; English where it is not known. */
  languageOf?(account: AccountId): Promise<string>;
  /** The login of an account, for routes that name one. */
  loginOf?(account: AccountId): Promise<string | undefined>;
  /** Header fields (DKIM-Signature) to be put in front of a message; none where nobody signs for its sender. Throws when it may succeed later. */
  sign?(message: QueuedMessage, content: OutgoingContent): Promise<Uint8Array>;
}
