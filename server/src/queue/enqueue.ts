/** What the queue takes over: the arguments of the `enqueue` program, which delivery composes into its one mutation. */
import type { AccountId } from '#core/ids.ts';

/** Mail for recipients elsewhere: one message, one or more recipients. */
export interface Outgoing {
  /** Random, made by the caller: `[A-Za-z0-9]{16}`. Seen in replies, the trail and `capri queue list`. */
  readonly queueId: string;
  /** Whose mail it is; undefined for the server's own (bounces). */
  readonly account: AccountId | undefined;
  /** Reverse path; empty for the null sender. */
  readonly sender: string;
  readonly recipients: readonly OutgoingRecipient[];
  /** Index into the mutation's bodies. */
  readonly body: number;
  /** Octets, prefix included. */
  readonly sizeBytes: number;
  /** Octets that go before the body. */
  readonly prefix: Uint8Array;
  readonly isEightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
  readonly nowMs: number;
}

export interface OutgoingRecipient {
  readonly localPart: string;
  /** Lower-case A-label form, or an address literal. */
  readonly domain: string;
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}
