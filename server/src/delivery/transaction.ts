/** One message on its way in, from MAIL to its end: what the door drives and what the stages see. */
import type { Checks } from '#authenticity/results.ts';
import type { ForwardBounce } from '#directory/forward-bounces.ts';
import type { TrailValue } from '#trail/record.ts';
import type { AddedOutgoing } from './accept-message.ts';
import { type Envelope, type MessageSink, type Path, type Peer, type RecipientParameters, Refusal, type SenderParameters } from './delivery.ts';
import type { ForwardingPlan } from './forwarding/plan.ts';
import { heldBack } from './held-back.ts';
import { Intake } from './intake.ts';
import { formatPath } from './path-text.ts';
import { newReceiptId } from './receipt-id.ts';
import { resolveRecipient } from './resolve-recipient.ts';
import type { OpenDeliveryServices } from './settings.ts';
import type { Stage } from './stage.ts';
import { Targets } from './targets.ts';

export class Transaction implements Envelope {
  readonly id: string = newReceiptId();
  readonly services: OpenDeliveryServices;
  readonly stages: readonly Stage[];
  readonly peer: Peer;
  /** Undefined: the null reverse-path. */
  readonly sender: Path | undefined;
  /** The reverse-path as text; empty for the null one. */
  readonly senderText: string;
  readonly parameters: SenderParameters;
  readonly targets: Targets = new Targets();
  /** What the checks of its origin came to; undefined before, and for mail that is not checked. */
  checks: Checks | undefined;
  /** Whole header fields, each ended by CRLF, that each copy filed here gets behind its Return-Path and Delivered-To. */
  addedFields = '';
  /** What the trail's `received` tells beside the usual; see TrailDetails. */
  readonly details: Record<string, TrailValue | undefined> = {};
  /** What goes elsewhere beside the recipients there: forwards. The stages add to it; the body is that of the message. */
  readonly outgoing: AddedOutgoing[] = [];
  /** Where forwards take it; undefined where nobody has one. */
  forwarding: ForwardingPlan | undefined;
  /** Messages of forwards that come back with it. */
  bounced: readonly ForwardBounce[] = [];
  /** Whether it is taken for something that nobody wants: then it is passed on to nobody either. */
  isJunk = false;
  /** The first recipient as the client wrote it. */
  #firstRecipient = '';

  constructor(services: OpenDeliveryServices, stages: readonly Stage[], peer: Peer, sender: Path | undefined, parameters: SenderParameters) {
    this.services = services;
    this.stages = stages;
    this.peer = peer;
    this.sender = sender;
    this.senderText = formatPath(sender);
    this.parameters = parameters;
  }

  get recipientCount(): number {
    return this.targets.accepted.length;
  }

  /** The only recipient's address; undefined where there are several. */
  get onlyRecipient(): string | undefined {
    return this.targets.accepted.length === 1 ? this.#firstRecipient : undefined;
  }

  async recipient(path: Path, parameters: RecipientParameters): Promise<void> {
    const { services, targets } = this;
    // RFC 5321 §4.5.3.1.10: 452, and what was accepted stays so.
    if (targets.accepted.length >= services.settings.recipients) throw new Refusal(452, '4.5.3', 'Too many recipients');
    const resolved = await resolveRecipient(services, {
      path,
      parameters,
      mayRelay: this.peer.identity !== undefined,
      sizeBytes: this.parameters.sizeBytes ?? 0,
    });
    const target = heldBack(resolved, path, this.parameters);
    for (const stage of this.stages) {
      if (stage.recipient) await stage.recipient(this, { path, parameters }, target);
    }
    if (targets.accepted.length === 0) this.#firstRecipient = formatPath(path);
    targets.add(target);
  }

  open(): MessageSink {
    return new Intake(this);
  }
}
