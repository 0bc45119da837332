/** What MAIL and RCPT carry, decoded. RFC 5321 §4.1.1.2, §4.1.1.3 · RFC 1870 · RFC 3461 · RFC 6152 · RFC 6531 · RFC 8689 */

/** A path as the envelope carries it: both parts decoded, domain as written; the null reverse-path is the empty address. */
export interface Path {
  readonly localPart: string;
  readonly domain: string;
}

export interface SenderParameters {
  readonly sizeBytes: number | undefined;
  readonly body: '7BIT' | '8BITMIME';
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
  /** REQUIRETLS. */
  readonly requireTls?: boolean | undefined;
}

export interface RecipientParameters {
  /** undefined: not given. `['NEVER']` or any of the others. RFC 3461 §4.1 */
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}
