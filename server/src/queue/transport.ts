/** How the queue hands mail to other servers: implemented by smtp/client, which the queue does not know. */

/** A server that takes mail from us instead of the recipient's own: the smarthost, or that of a route. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'opportunistic' | 'required' | 'implicit';
  readonly login?: string | undefined;
  readonly password?: string | undefined;
}

/** Where a recipient's mail goes next. */
export type Destination =
  /** The MX hosts of a domain. */
  | { readonly kind: 'domain'; readonly domain: string }
  /** A host named by an address literal: `[192.0.2.1]`. */
  | { readonly kind: 'literal'; readonly literal: string }
  | { readonly kind: 'relay'; readonly relay: Relay };

export interface MailTransport {
  /** Opens a session with a server of the destination that is ready for mail. Throws TransportError. */
  connect(destination: Destination, signal: AbortSignal): Promise<MailSession>;
}

/** One connection; one message at a time. */
export interface MailSession {
  /** For logs: the server's name and address. */
  readonly host: string;
  /** For logs: how the line is protected; undefined in the clear. */
  readonly tls: { readonly version: string; readonly isVerified: boolean; readonly problem: string | undefined } | undefined;
  /** Whether another message can be sent. */
  readonly isUsable: boolean;
  /** Hands over one message; one outcome for each recipient, in order. Throws nothing. */
  send(message: OutboundMessage): Promise<readonly Outcome[]>;
  /** Says goodbye. */
  close(): void;
}

export interface OutboundMessage {
  /** As a path: `jan@example.org`; empty for the null sender. */
  readonly sender: string;
  /** 1 to 100. */
  readonly recipients: readonly OutboundRecipient[];
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
  /** The octets [start, start + length) of the message. */
  read(start: number, length: number): Promise<Uint8Array>;
}

export interface OutboundRecipient {
  /** As a path. */
  readonly address: string;
  readonly notify: readonly string[] | undefined;
  /** ORCPT as it was given, in xtext. */
  readonly originalRecipient: string | undefined;
}

export interface Outcome {
  readonly kind: 'delivered' | 'deferred' | 'failed';
  /** RFC 3463: `2.0.0`, `4.4.1`, `5.1.1`. */
  readonly status: string;
  /** What the server said, or what happened, in one line. */
  readonly reply: string;
  /** Whose reply it is; undefined when it is our own finding. */
  readonly host: string | undefined;
  /** Delivered: the server understands DSN and reports further itself (RFC 3461 §5.2.1). */
  readonly tellsFurther?: boolean | undefined;
  /** Deferred: the connection broke after the last octet was sent, so the message may have arrived. */
  readonly isUnsure?: boolean | undefined;
  /** Deferred: the server had closed an idle connection, and nothing was asked of it; try at once over another one. */
  readonly isUntried?: boolean | undefined;
}

/** No session could be opened. */
export class TransportError extends Error {
  /** Trying again does not help: the domain does not exist or takes no mail. */
  readonly isPermanent: boolean;
  readonly status: string;
  readonly host: string | undefined;

  constructor(
    details: { readonly isPermanent: boolean; readonly status: string; readonly message: string; readonly host?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(details.message, options);
    this.name = 'TransportError';
    this.isPermanent = details.isPermanent;
    this.status = details.status;
    this.host = details.host;
  }
}
