/**
 * The shape of a POP3 command: one file in `commands/` a command, gathered in `commands/registry.ts`.
 * RFC 1939 §3
 */
import type { Session } from './session.ts';

/** UPDATE is what QUIT does, not a state in which commands are read. */
export type State = 'authorization' | 'transaction' | 'closed';

export interface Command {
  /** Upper case. */
  readonly name: string;
  readonly states: readonly State[];
  /** Does it and writes the reply; `argument` is what stands behind the name and one space, empty where nothing does. Throws Pop3Error, DomainError, SignInRefused. */
  run(session: Session, argument: string): Promise<void> | void;
}
