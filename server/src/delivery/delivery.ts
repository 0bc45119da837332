/**
 * The way in: what SMTP, submission, LMTP (and later JMAP) call. One `Envelope` per message: sender, recipients one by one, then the body as a stream,
 * then one commit for all recipients, local and remote. ARCHITECTURE "How a message comes in".
 */
import type { Identity } from '#directory/directory.ts';

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

export interface SenderParameters {
  readonly sizeBytes: number | undefined;
  readonly body: '7BIT' | '8BITMIME';
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
}

export interface RecipientParameters {
  /** undefined: not given. `['NEVER']` or any of the others. RFC 3461 §4.1 */
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}

/** A path as the envelope carries it: both parts decoded, domain as written; the null reverse-path is the empty address. */
export interface Path {
  readonly localPart: string;
  readonly domain: string;
}

/** A reply that refuses: generic towards the client, specific in the log. */
export class Refusal extends Error {
  readonly code: number;
  /** RFC 3463, whole: `5.1.1`. */
  readonly enhanced: string;
  /** For the log and the trail only. */
  readonly reason: string;

  constructor(code: number, enhanced: string, message: string, reason: string = message) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.enhanced = enhanced;
    this.reason = reason;
  }
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
