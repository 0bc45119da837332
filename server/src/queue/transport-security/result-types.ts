/** How a session with another server went, in the words of TLS reports. RFC 8460 §4.3, §4.4 */

/** RFC 8460 §4.3. */
export type TlsFailureType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'
  | 'tlsa-invalid'
  | 'dnssec-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid';

/** The policy that a session was held to. RFC 8460 §4.4 "policy" */
export interface ReportedPolicy {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found';
  /** The TLSA records or the lines of the MTA-STS policy. */
  readonly strings: readonly string[];
  /** MTA-STS: the patterns of hosts. DANE: the host. */
  readonly mxHosts: readonly string[];
}

/** RFC 8460 §4.4 "failure-details", one session of it. */
export interface TlsFailure {
  readonly type: TlsFailureType;
  readonly sendingAddress?: string | undefined;
  readonly receivingHost?: string | undefined;
  /** What the other side called itself in its greeting. */
  readonly receivingHelo?: string | undefined;
  readonly receivingAddress?: string | undefined;
  /** More about it, such as OpenSSL's word. */
  readonly reason?: string | undefined;
}

/** One session, or one that came to nothing. */
export interface TlsResult {
  /** The recipients' domain, lower case. */
  readonly domain: string;
  readonly policy: ReportedPolicy;
  /** Undefined: success. */
  readonly failure: TlsFailure | undefined;
}
