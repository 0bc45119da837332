/**
 * What is worked out once, when a message arrives, and kept beside it, so that the first read is as fast as the tenth (ARCHITECTURE "Prepared once").
 * Made by `prepare` (prepare.ts) from a parsed message; stored by `store/add-message.ts`.
 */
export interface PreparedMessage {
  /** Octets of the message as accepted (without any per-recipient prefix). */
  readonly sizeBytes: number;
  /** Octets of the header with the empty line that ends it. */
  readonly headerBytes: number;
  /** IMAP ENVELOPE, ready to send: `("date" "subject" ...)`. RFC 9051 §7.5.2 */
  readonly envelope: Uint8Array;
  /** IMAP BODYSTRUCTURE with extension data, ready to send. */
  readonly bodyStructure: Uint8Array;
  /** The part tree with byte ranges, in the compact form that `decodeStructure` reads. */
  readonly structure: Uint8Array;
  /** The raw lines of the header fields in LISTING_FIELDS, in their order in the message, each ended by CRLF (a bare line end normalised). All of them where headerBytes is at most LISTED_HEADER_BYTES. */
  readonly fields: Uint8Array;
  /** The first words of the text, folded white space, at most 256 characters. RFC 8970 */
  readonly preview: string;
  /** Base subject, folded for comparison. RFC 5256 §2.1 */
  readonly subjectKey: string;
  /** Milliseconds of the Date field; undefined where there is none that can be read. */
  readonly sentAtMs: number | undefined;
  readonly hasAttachment: boolean;
  /** 53-bit hashes for conversation look-up, own Message-ID first (where there is one), then References and In-Reply-To, at most 32. */
  readonly threadHashes: readonly number[];
}

/** Up to this size of a header, `fields` holds all of its listing fields; a larger one must be read from the message itself. */
export const LISTED_HEADER_BYTES: number = 32 * 1024;

/** The header fields whose raw lines are kept in the message row: what mail programs ask for in lists. Lower case. */
export const LISTING_FIELDS: ReadonlySet<string> = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'message-id',
  'in-reply-to',
  'references',
  'newsgroups',
  'priority',
  'x-priority',
  'importance',
  'x-msmail-priority',
  'content-type',
  'content-transfer-encoding',
  'mime-version',
  'list-id',
  'list-unsubscribe',
  'list-post',
  'delivered-to',
  'return-path',
  'return-receipt-to',
  'disposition-notification-to',
  'x-label',
  'x-spam-flag',
  'x-spam-level',
  'auto-submitted',
  'lines',
]);
