/**
 * Where the recipients of a message lead: accounts here, each once however many of its addresses were named, and addresses elsewhere.
 */
import type { AccountId } from '#core/ids.ts';
import type { BouncedForward } from '#directory/forward-bounces.ts';
import type { Forward } from '#directory/forwards.ts';
import type { OutgoingRecipient } from '#queue/enqueue.ts';
import type { ReportMailKind } from '#queue/reports/intake.ts';
import type { RecipientParameters } from './delivery.ts';

export interface LocalTarget {
  readonly kind: 'local';
  readonly account: AccountId;
  /** The address as the sender wrote it, domain in lower case: for Delivered-To. */
  readonly address: string;
  /** The address as it is known here: normal form, without detail. */
  readonly base: string;
  /** What stood behind the separator of the address. */
  readonly detail: string | undefined;
  readonly parameters: RecipientParameters;
  /** Where it is filed: a stage may change it. */
  mailbox: LocalMailbox;
  /** What it is to be read as when it is filed. */
  report?: ReportMailKind;
}

/** INBOX, the mailbox for what nobody wants, however its owner calls it, or the one for reports of other servers. */
export type LocalMailbox = 'INBOX' | 'Junk' | 'Reports';

export interface RemoteTarget {
  readonly kind: 'remote';
  readonly recipient: OutgoingRecipient;
}

/** A rewritten sender (SRS) of ours, and who it stands for. */
export interface ReturnedTarget {
  readonly kind: 'returned';
  readonly recipient: OutgoingRecipient;
  /** The forward and message that it was made for, where it says so. */
  readonly forward: BouncedForward | undefined;
}

/** The address by which the target of a forward agrees. */
export interface ConfirmationTarget {
  readonly kind: 'confirmation';
  readonly forward: Forward;
  readonly code: string;
}

export type Target = LocalTarget | RemoteTarget | ReturnedTarget | ConfirmationTarget;

export class Targets {
  readonly local: LocalTarget[] = [];
  readonly remote: RemoteTarget[] = [];
  readonly returned: ReturnedTarget[] = [];
  readonly confirmations: ConfirmationTarget[] = [];
  /** What each accepted RCPT leads to, in order; several may lead to the same place. */
  readonly accepted: Target[] = [];
  readonly #seen = new Set<number | string>();

  add(target: Target): void {
    this.accepted.push(target);
    const key = keyOf(target);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    switch (target.kind) {
      case 'local':
        this.local.push(target);
        break;
      case 'remote':
        this.remote.push(target);
        break;
      case 'returned':
        this.returned.push(target);
        break;
      case 'confirmation':
        this.confirmations.push(target);
        break;
    }
  }
}

/** What makes two recipients one. */
function keyOf(target: Target): number | string {
  if (target.kind === 'local') return target.account;
  if (target.kind === 'confirmation') return `confirmation ${target.code}`;
  return `${target.kind} ${target.recipient.localPart}@${target.recipient.domain}`;
}
