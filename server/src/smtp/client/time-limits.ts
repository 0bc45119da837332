/** How long a server may take. RFC 5321 §4.5.3.2: these are the least that a client must allow; tests allow less. */
export interface TimeLimits {
  /** For the TCP connection; not in the RFC. */
  readonly connectMs: number;
  readonly greetingMs: number;
  readonly handshakeMs: number;
  /** EHLO, MAIL, RCPT, AUTH, RSET. */
  readonly commandMs: number;
  readonly dataMs: number;
  /** Each piece of the message that the server does not take. */
  readonly blockMs: number;
  readonly finalMs: number;
}

const MINUTE_MS = 60_000;

export const STANDARD_TIME_LIMITS: TimeLimits = {
  connectMs: 30_000,
  greetingMs: 5 * MINUTE_MS,
  handshakeMs: MINUTE_MS,
  commandMs: 5 * MINUTE_MS,
  dataMs: 2 * MINUTE_MS,
  blockMs: 3 * MINUTE_MS,
  finalMs: 10 * MINUTE_MS,
};
