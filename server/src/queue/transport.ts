/** How the queue hands mail to other servers: implemented by smtp/client, which the queue does not know. */

/** A server that takes mail from us instead of the recipient's own: the smarthost, or that of a route. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'opportunistic' | 'required' | 'implicit';
  readonly login?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * What a message asks of the lines it travels on. `required` (REQUIRETLS): only to servers that have proved who they are and ask the same of the next.
 * `optional` (TLS-Required: No): rather in the clear than not at all, whatever a policy says. RFC 8689
 */
export type TlsNeed = 'required' | 'optional';

/** From where and under which name we speak to others. */
export interface Source {
  /** An address of this machine for connections over IPv4; undefined: the system's choice. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  /** The name in EHLO; undefined: the server's. */
  readonly helo?: string | undefined;
}

/** Where a recipient's mail goes next. */
export type Destination = (
  | /** The MX hosts of a domain. */ { readonly kind: 'domain'; readonly domain: string }
  /** A host named by an address literal: `[192.0.2.1]`. */
  | { readonly kind: 'literal'; readonly literal: string }
  | { readonly kind: 'relay'; readonly relay: Relay }
) & {
  /** Mail that asks for different lines does not share connections. Undefined: as the policies of the domain say. */
  readonly tlsNeed?: TlsNeed | undefined;
  readonly source?: Source | undefined;
};

export interface MailTransport {
  /**
   * Finds out what has to be known of a destination before it is spoken to, and may take a while because of it: so that nobody waits for that with a place among the
   * connections, which others need. Throws nothing.
   */
  prepare?(destination: Destination, signal: AbortSignal): Promise<void>;
  /** Opens a session with a server of the destination that is ready for mail. Throws TransportError. */
  connect(destination: Destination, signal: AbortSignal): Promise<MailSession>;
}

/** One connection; one message at a time. */
export interface MailSession {
  /** For logs: the server's name and address. */
  readonly host: string;
  /** How the line is protected; undefined in the clear. */
  readonly tls: SessionTls | undefined;
  /** Whether another message can be sent. */
  readonly isUsable: boolean;
  /** Hands over one message; one outcome for each recipient, in order. Throws nothing. */
  send(message: OutboundMessage): Promise<readonly Outcome[]>;
  /** Says goodbye. */
  close(): void;
}

/** For logs and the trail. */
export interface SessionTls {
  readonly version: string;
  readonly cipher: string;
  /** The server has proved to be the one meant, in the way `check` says. */
  readonly isVerified: boolean;
  /** Why not. */
  readonly problem: string | undefined;
  /** What asked for the check: the domain's DANE records (RFC 7672), its MTA-STS policy (RFC 8461), our own route, the message (RFC 8689), or nobody. */
  readonly policy: 'dane' | 'mta-sts' | 'route' | 'message' | 'none';
  /** What the certificate was held against: authorities that everybody knows, or the domain's own word in the DNS. */
  readonly check: 'web-pki' | 'dane-ee' | 'dane-ta' | 'none';
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
  /** MT-PRIORITY, -9 to 9: said where the server knows it. */
  readonly mtPriority?: number | undefined;
  /** DELIVERBY: said where the server knows it. In mode R it goes to such servers only (RFC 2852 §4.1.4.1). */
  readonly deliverBy?: DeliverBy | undefined;
  /** REQUIRETLS is said where the server knows it; a destination whose `tlsNeed` is `required` leads to such servers only. */
  readonly requireTls?: boolean | undefined;
  /** Octets at the beginning that are signatures of ours over the rest. */
  readonly signatureBytes?: number | undefined;
  /** Makes these signatures anew, for octets that had to be changed on the way out. */
  readonly sign?: ((content: Uint8Array) => Promise<Uint8Array>) | undefined;
  /** The octets [start, start + length) of the message. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** RFC 2852 §4.1.1 */
export interface DeliverBy {
  /** What is left of the time; in mode N it may be over. */
  readonly seconds: number;
  /** R: return what is late. N: tell the sender that it is. */
  readonly mode: 'R' | 'N';
  /** The sender wants to hear of every hop. */
  readonly isTraced: boolean;
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
  /** Delivered: the server was told by when (RFC 2852) and answers for it. */
  readonly promisesTime?: boolean | undefined;
  /** Delivered: into a mailbox here. */
  readonly isHere?: boolean | undefined;
  /** Failed: not tried, because the address is on the suppression list. */
  readonly isSuppressed?: boolean | undefined;
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
