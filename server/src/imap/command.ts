/**
 * The shape of an IMAP command: one file in `commands/` a command, `{ name, states, parse, run }`, gathered in `commands/registry.ts`. An extension adds a file and
 * a line there, and its capability in `capabilities.ts`; neither the session loop nor the wire knows it.
 */
import type { Session } from './session.ts';
import type { Cursor } from './wire/cursor.ts';

/** RFC 9051 §3. A command lists the states in which it may be given. */
export type State = 'not-authenticated' | 'authenticated' | 'selected' | 'logout';

export interface Command<Args> {
  /** Upper case. Commands that exist with UID in front (`UID FETCH`) are one command with `hasUidForm`. */
  readonly name: string;
  readonly states: readonly State[];
  readonly hasUidForm?: boolean;
  /**
   * Whether expunges may not be told to the client while it runs (FETCH, STORE, SEARCH without UID: RFC 9051 §7.5.1). After every other command the session
   * writes what is pending before the tagged reply.
   */
  readonly holdsExpunges?: (kind: 'seq' | 'uid') => boolean;
  /**
   * For a command with literals too large to collect (APPEND): called with the arguments so far whenever they end in a literal. True leaves it on the line: it is the
   * last thing that `parse` finds (`cursor.streamedLiteral()`), and `run` reads it: `session.input.acceptLiteral()`, `readLiteral()` until empty, then
   * `continueCommand()` for what stands behind it. What is left unread when `run` returns or throws is dropped. Throwing ImapError means false.
   */
  readonly streamsLiteral?: (cursor: Cursor) => boolean;
  /** Reads the arguments after the command's name (the cursor stands on the space before the first) up to and including the end of the command. Throws ImapError BAD. No side effects. */
  parse(cursor: Cursor, kind: 'seq' | 'uid'): Args;
  /** Does it, writing untagged replies through the session. Throws ImapError NO/BAD or DomainError (translated by the session). Returning means OK; the session writes the one tagged reply. */
  run(session: Session, args: Args, kind: 'seq' | 'uid'): Promise<TaggedOk | void>;
}

/** What the tagged OK says besides OK: a response code such as `COPYUID 1 2 3` (without brackets) and a text. */
export interface TaggedOk {
  readonly code?: string;
  readonly text?: string;
  /** Done after the tagged reply was written: STARTTLS. */
  readonly afterwards?: () => Promise<void>;
}

/** A tagged (or, for BYE, last) reply that refuses. `code` without brackets. */
export class ImapError extends Error {
  readonly status: 'NO' | 'BAD' | 'BYE';
  readonly code: string | undefined;

  constructor(status: 'NO' | 'BAD' | 'BYE', message: string, code?: string) {
    super(message);
    this.name = 'ImapError';
    this.status = status;
    this.code = code;
  }
}
