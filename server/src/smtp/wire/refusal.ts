/** The wire error of SMTP: parsers and everything behind them throw it, the conversation answers it. RFC 5321 §4.2 · RFC 3463 */

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
