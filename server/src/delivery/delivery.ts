/**
 * The way in: what SMTP, submission, LMTP (and later JMAP) call. One `Envelope` per message: sender, recipients one by one, then the body as a stream,
 * then one commit for all recipients, local and remote. ARCHITECTURE "How a message comes in".
 */
import type { Identity } from '#directory/directory.ts';
import type { Path, RecipientParameters, SenderParameters } from '#smtp/wire/envelope.ts';
import { Refusal } from '#smtp/wire/refusal.ts';

// What the protocol has in common with this room is said there; who calls it needs only this file.
export type { Path, RecipientParameters, SenderParameters } from '#smtp/wire/envelope.ts';
export { Refusal };

/** What is known of the other side before the first message. */
export interface Peer {
  readonly connectionId: string;
  readonly address: string;
  /** What HELO, EHLO or LHLO said; empty before. */
  readonly helo: string;
  /** `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, `LMTP`, `UTF8SMTP...`: the word for Received, RFC 3848 and RFC 6531. */
  readonly protocol: string;
  readonly tls: { readonly version: string; readonly cipher: string } | undefined;
  /** Set on submission: what follows is done with this account's rights. */
  readonly identity: Identity | undefined;
}

export interface Delivery {
  /** What the door announces (SIZE, LIMITS) and this room enforces. */
  readonly limits: DeliveryLimits;
  /** Begins a message. Throws Refusal (size, sender not allowed, ...). */
  begin(peer: Peer, sender: Path | undefined, parameters: SenderParameters): Promise<Envelope>;
}

export interface DeliveryLimits {
  /** Octets of the largest message that is accepted. */
  readonly messageBytes: number;
  /** Recipients of one message. */
  readonly recipients: number;
}

export interface Envelope {
  /** Adds a recipient. Throws Refusal: unknown user 550 5.1.1, no relaying 550 5.7.1, mailbox full 452 4.2.2, too many 452 4.5.3. */
  recipient(path: Path, parameters: RecipientParameters): Promise<void>;
  readonly recipientCount: number;
  /** Opens the body. */
  open(): MessageSink;
}

export interface MessageSink {
  /** The next octets of the message, CRLF line ends, dots unstuffed. Resolves when there is room for more. Throws Refusal as soon as it is clear that the message cannot be accepted; the door reads on to the end and then answers with it. */
  write(chunk: Uint8Array): Promise<void>;
  /** Checks, files and queues: after this resolves the message is durable for every recipient. Throws Refusal, and then nothing of it remains. */
  finish(): Promise<Accepted>;
  /** The client went away or the message was refused: gives everything back. */
  abort(): Promise<void>;
}

export interface Accepted {
  /** For the 250 reply and the logs. */
  readonly id: string;
  /** One for each recipient in order, for LMTP: undefined is success. */
  readonly recipients: readonly (Refusal | undefined)[];
}
