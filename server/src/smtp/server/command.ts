/** The shape of an SMTP command: one file in `commands/` a command, gathered in `commands/registry.ts`. */
import type { Session } from './session.ts';

export interface Command {
  /** Upper case. */
  readonly verb: string;
  /** For HELP. */
  readonly syntax: string;
  /**
   * What a client of submission must have done before: nothing, TLS, or signed in (RFC 3207 §4, RFC 4954 §6). A command that must read octets behind its line, refused
   * or not, says `nothing` and asks `accessRefusal` itself.
   */
  readonly needs: 'nothing' | 'tls' | 'sign-in';
  /** Does it and replies through the session, once. Throws Refusal or DomainError where it refuses. */
  run(session: Session, argument: string): Promise<void> | void;
}
