/**
 * Where the recipients of a message lead: accounts here, each once however many of its addresses were named, and addresses elsewhere.
 */
import type { AccountId } from '#core/ids.ts';
import type { OutgoingRecipient } from '#queue/enqueue.ts';
import type { RecipientParameters } from './delivery.ts';

export interface LocalTarget {
  readonly kind: 'local';
  readonly account: AccountId;
  /** The address as the sender wrote it, domain in lower case: for Delivered-To. */
  readonly address: string;
  /** What stood behind the separator of the address. */
  readonly detail: string | undefined;
  readonly parameters: RecipientParameters;
  /** Where it is filed: a stage may change it. */
  mailbox: LocalMailbox;
}

/** INBOX, or the mailbox for what nobody wants, however its owner calls it. */
export type LocalMailbox = 'INBOX' | 'Junk';

export interface RemoteTarget {
  readonly kind: 'remote';
  readonly recipient: OutgoingRecipient;
}

export type Target = LocalTarget | RemoteTarget;

export class Targets {
  readonly local: LocalTarget[] = [];
  readonly remote: RemoteTarget[] = [];
  /** What each accepted RCPT leads to, in order; several may lead to the same place. */
  readonly accepted: Target[] = [];
  readonly #seen = new Set<number | string>();

  add(target: Target): void {
    this.accepted.push(target);
    const key = target.kind === 'local' ? target.account : `${target.recipient.localPart}@${target.recipient.domain}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (target.kind === 'local') this.local.push(target);
    else this.remote.push(target);
  }
}
