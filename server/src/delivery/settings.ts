/** What the administrator can set about taking mail in, and what this room needs of the others. */
import type { Clock } from '#core/clock.ts';
import type { Directory } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import type { Allowances } from '#queue/limits/allowances.ts';
import { DEFAULT_SENDING_LIMITS, type SendingLimits } from '#queue/limits/settings.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import type { Store } from '#store/store.ts';
import { type AuthenticitySettings, DEFAULT_AUTHENTICITY_SETTINGS } from './checks/settings.ts';
import type { HeldMemory } from './held-memory.ts';
import type { ForwardBook } from './forwarding/forward-book.ts';
import { DEFAULT_FORWARDING_SETTINGS, type ForwardingSettings } from './forwarding/settings.ts';
import type { SuppressionMemory } from '#queue/suppression-memory.ts';
import type { Stage } from './stage.ts';

export interface DeliverySettings {
  /** The name in Received. */
  readonly hostname: string;
  /** Octets of the largest message, as the client sends it. */
  readonly messageBytes: number;
  /** Octets that all messages which are coming in over one thread may hold in memory. */
  readonly heldBytes: number;
  /** Recipients of one message. */
  readonly recipients: number;
  /** Received fields of a message that is not yet taken to go in circles. */
  readonly receivedFields: number;
  /** Whether Received of submitted mail tells from where it was submitted. */
  readonly showsSubmitter: boolean;
  readonly authenticity: AuthenticitySettings;
  readonly forwarding: ForwardingSettings;
  /** How much an account may submit. */
  readonly sending: SendingLimits;
}

export const DEFAULT_DELIVERY_SETTINGS: Omit<DeliverySettings, 'hostname'> = {
  messageBytes: 50 * 2 ** 20,
  heldBytes: 128 * 2 ** 20,
  recipients: 1000,
  receivedFields: 50,
  showsSubmitter: false,
  authenticity: DEFAULT_AUTHENTICITY_SETTINGS,
  forwarding: DEFAULT_FORWARDING_SETTINGS,
  sending: DEFAULT_SENDING_LIMITS,
};

/** The questions that this room asks of the directory. */
export type DeliveryDirectory = Pick<Directory, 'resolve' | 'resolvePostmaster' | 'isLocalDomain' | 'maySendAs' | 'isCurrent' | 'quota'>;

export interface DeliveryServices {
  readonly store: Store;
  readonly directory: DeliveryDirectory;
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: DeliverySettings;
  /** What the checks of mail from elsewhere ask; without one, nothing is checked. */
  readonly resolver?: Resolver | undefined;
  /** In their order; `STAGES` where nothing is given. */
  readonly stages?: readonly Stage[];
}

/** With what this room keeps in memory on its thread. */
export interface OpenDeliveryServices extends DeliveryServices {
  readonly held: HeldMemory;
  readonly allowances: Allowances;
  readonly forwards: ForwardBook;
  readonly suppressions: SuppressionMemory;
}
