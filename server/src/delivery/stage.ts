/**
 * A step on the way in. Every check that can refuse a message, and later everything that changes where it goes, is one stage in one file; `stages.ts` is the list.
 * A stage has no effect that lasts: nothing is stored, queued or counted before the one mutation at the end.
 */
import type { Header } from '#message/header.ts';
import type { ParsedMessage } from '#message/part.ts';
import type { Path, RecipientParameters } from './delivery.ts';
import type { ArrivedHeader } from './arrived-header.ts';
import type { DropsField } from './long-header.ts';
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
  submittedHeader?(transaction: Transaction, header: ArrivedHeader): Promise<void> | void;
  /** The same for mail that was not submitted. */
  receivedHeader?(transaction: Transaction, header: ArrivedHeader): Promise<void> | void;
  /** Names, in lower case, of the fields that `dropsLateField` is asked about. */
  readonly lateFields?: readonly string[];
  /** Whether a field is left out that stands so deep in a header that `receivedHeader` has not seen it (behind 256 KiB, or 11,000 fields). See DropsField. */
  dropsLateField?(transaction: Transaction, ...field: Parameters<DropsField>): boolean;
  /**
   * When the header has come whole: who wants to see the body gives an observer. The header is the one that the other side has sent, without our Received field and
   * before anything is taken out of it; on submission, as it goes on. Undefined where it is so long (256 KiB) that it was not waited for; then there is no body to
   * be seen either.
   */
  observe?(transaction: Transaction, header: Header | undefined): BodyObserver | undefined;
  /** When the message has come whole. Throws Refusal. */
  data?(transaction: Transaction, message: ParsedMessage): Promise<void> | void;
}

/** Sees the body, octet for octet as it is behind the empty line that ends the header, while it comes. */
export interface BodyObserver {
  /** The next octets; they are the observer's only until this returns. */
  body(chunk: Uint8Array): void;
  /** When the message has come whole, right before the `data` of the same stage. Throws Refusal. Never called for a message that was given up. */
  end?(message: ParsedMessage): Promise<void> | void;
}

export interface RequestedRecipient {
  readonly path: Path;
  readonly parameters: RecipientParameters;
}
