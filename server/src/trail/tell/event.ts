/** An event of the trail as it is told: accounts by their logins. What operations hand out, and what the words are made of. */
import type { TrailDetails, TrailEventName } from '../record.ts';

export interface ToldEvent {
  readonly at: string;
  readonly event: TrailEventName;
  readonly queueId: string;
  readonly messageId: string;
  /** Login of who sent the message or did the thing; null: somebody outside, or the server. */
  readonly by: string | null;
  readonly sender: string;
  readonly recipients: readonly ToldRecipient[];
  /** Messages that the event is about, where it is about mail in mailboxes; 0: all of a mailbox. Null for other events. */
  readonly messages: number | null;
  readonly details: TrailDetails;
}

export interface ToldRecipient {
  readonly address: string;
  /** Login of who has the address here. */
  readonly account: string | null;
  /** Where the message was filed; null: it was not filed here. */
  readonly mailbox: string | null;
}
