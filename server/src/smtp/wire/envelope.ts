/** What MAIL and RCPT carry, decoded. RFC 5321 §4.1.1.2, §4.1.1.3 · RFC 1870 · RFC 2852 · RFC 3461 · RFC 4865 · RFC 6152 · RFC 6531 · RFC 6710 · RFC 8689 */

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
  /** BY. RFC 2852 */
  readonly deliverBy?: { readonly seconds: number; readonly mode: 'R' | 'N'; readonly isTraced: boolean } | undefined;
  /** HOLDFOR or HOLDUNTIL: the seconds from now before which the message is not to leave. RFC 4865 */
  readonly holdSeconds?: number | undefined;
  /** MT-PRIORITY, -9 to 9. RFC 6710 */
  readonly mtPriority?: number | undefined;
}

export interface RecipientParameters {
  /** undefined: not given. `['NEVER']` or any of the others. RFC 3461 §4.1 */
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}
