/**
 * A step on the way in. Every check that can refuse a message, and later everything that changes where it goes, is one stage in one file; `stages.ts` is the list.
 * A stage has no effect that lasts: nothing is stored, queued or counted before the one mutation at the end.
 */
import type { ParsedMessage } from '#message/part.ts';
import type { Path, RecipientParameters } from './delivery.ts';
import type { SubmittedHeader } from './submitted-header.ts';
import type { Target } from './targets.ts';
import type { Transaction } from './transaction.ts';

export interface Stage {
  /** For the log. */
  readonly name: string;
  /** At MAIL. Throws Refusal. */
  sender?(transaction: Transaction): Promise<void> | void;
  /** At RCPT, when it is known where the address leads. Throws Refusal. */
  recipient?(transaction: Transaction, recipient: RequestedRecipient, target: Target): Promise<void> | void;
  /** On submission, when the header has come whole and before anything of it is stored. May change it. Throws Refusal. */
  submittedHeader?(transaction: Transaction, header: SubmittedHeader): Promise<void> | void;
  /** When the message has come whole. Throws Refusal. */
  data?(transaction: Transaction, message: ParsedMessage): Promise<void> | void;
}

export interface RequestedRecipient {
  readonly path: Path;
  readonly parameters: RecipientParameters;
}
