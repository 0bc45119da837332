/**
 * The arguments of APPEND: a mailbox, and for each message flags, a date and the announcement of its literal, which stays on the line.
 *
 * RFC 9051 §6.3.12, §9 · RFC 3502 (MULTIAPPEND) · RFC 6855 §4 (UTF8)
 */
import { ImapError } from '../command.ts';
import { type NamedFlags, namedFlags } from '../flag-arguments.ts';
import type { Cursor } from '../wire/cursor.ts';
import type { LiteralHeader } from '../wire/literal.ts';

export interface MessageArguments extends NamedFlags {
  /** INTERNALDATE; undefined: now. */
  readonly receivedAtMs: number | undefined;
  readonly header: LiteralHeader;
  /** Written as `UTF8 (~{...}`: a parenthesis follows the literal. */
  readonly isUtf8: boolean;
}

export interface AppendArguments {
  readonly name: string;
  readonly first: MessageArguments;
}

/** From the space behind APPEND to the first message's literal. */
export function parseAppend(cursor: Cursor): AppendArguments {
  cursor.space();
  const name = cursor.mailbox();
  return { name, first: parseMessage(cursor) };
}

/** From the space before a message's arguments to its literal. */
export function parseMessage(cursor: Cursor): MessageArguments {
  cursor.space();
  let flags: NamedFlags = { flags: 0, keywords: [] };
  let receivedAtMs: number | undefined;
  if (cursor.isNext('(')) {
    flags = namedFlags(cursor.flagList());
    cursor.space();
  }
  if (cursor.isNext('"')) {
    receivedAtMs = cursor.dateTime();
    cursor.space();
  }
  const isUtf8 = cursor.skipWord('UTF8');
  if (isUtf8) {
    cursor.space();
    cursor.expect('(');
  }
  if (!cursor.isAtStreamedLiteral) throw new ImapError('BAD', 'A literal with the message was expected');
  return { ...flags, receivedAtMs, header: cursor.streamedLiteral(), isUtf8 };
}

/** Whether the literal at the end of what has come so far is a message, rather than the mailbox's name. */
export function isAtMessage(cursor: Cursor): boolean {
  cursor.space();
  if (cursor.isAtStreamedLiteral) return false;
  cursor.mailbox();
  return true;
}

/** Behind the first message every literal is a message. */
export function isAtNextMessage(): boolean {
  return true;
}
