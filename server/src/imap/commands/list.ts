/**
 * LIST with everything that was added to it: selection and return options, several patterns, STATUS.
 *
 * Children and special use are always told: they cost nothing here, and RFC 5258 and RFC 6154 let a server do so.
 *
 * RFC 9051 §6.3.9, §7.3.1 · RFC 5258 (LIST-EXTENDED) · RFC 3348 (CHILDREN) · RFC 6154 (SPECIAL-USE) · RFC 5819 (LIST-STATUS)
 */
import { type Command, ImapError } from '../command.ts';
import { listLine, listMailboxes, type ListSelection } from '../list-mailboxes.ts';
import { allMailboxes, subscriptions } from '../mailboxes.ts';
import { parseStatusItems, type StatusItem, statusLine } from '../mailbox-status.ts';
import type { Session } from '../session.ts';
import type { Cursor } from '../wire/cursor.ts';
import { SEPARATOR } from '../wire/mailbox-name.ts';

interface ListArgs {
  readonly selection: ListSelection;
  /** Whether the client used anything that plain LIST has not. */
  readonly isExtended: boolean;
  readonly reference: string;
  readonly patterns: readonly string[];
  readonly returnSubscribed: boolean;
  readonly status: readonly StatusItem[];
}

/** Characters of all patterns together, each with the reference. */
const LONGEST_PATTERNS = 2000;

export const list: Command<ListArgs> = {
  name: 'LIST',
  states: ['authenticated', 'selected'],
  parse: parseList,
  run: async (session, args) => {
    if (args.patterns.length === 1 && args.patterns[0] === '' && !selects(args.selection)) {
      // RFC 9051 §6.3.9: an empty name asks for the separator and the root of the reference.
      session.untagged(`LIST (\\Noselect) "${SEPARATOR}" ""`);
      return;
    }
    await runList(session, args);
  },
};

async function runList(session: Session, args: ListArgs): Promise<void> {
  const { selection, status } = args;
  const mailboxes = await allMailboxes(session);
  const needsSubscriptions = selection.subscribed || args.returnSubscribed;
  const subscribed = needsSubscriptions ? await subscriptions(session) : new Set<string>();
  const patterns = args.patterns.map((pattern) => args.reference + pattern);
  for await (const listed of listMailboxes({ mailboxes, subscribed, patterns, selection })) {
    session.untagged(listLine(session, listed, { isExtended: args.isExtended, showsSubscribed: needsSubscriptions }));
    if (status.length > 0 && listed.row?.isSelectable === true) session.untagged(await statusLine(session, listed.row, status));
    await session.drain();
  }
}

function selects(selection: ListSelection): boolean {
  return selection.subscribed || selection.specialUse;
}

function parseList(cursor: Cursor): ListArgs {
  cursor.space();
  let isExtended = cursor.isNext('(');
  const selection = parseSelection(cursor);
  const reference = cursor.mailboxPattern();
  cursor.space();
  isExtended ||= cursor.isNext('(');
  const patterns = cursor.isNext('(') ? cursor.list(() => cursor.mailboxPattern()) : [cursor.mailboxPattern()];
  if (patterns.reduce((sum, pattern) => sum + reference.length + pattern.length, 0) > LONGEST_PATTERNS) throw new ImapError('BAD', 'The patterns are too long');
  let returnSubscribed = false;
  let status: readonly StatusItem[] = [];
  if (cursor.skip(' ') && !cursor.isAtEnd) {
    if (cursor.word() !== 'RETURN') throw new ImapError('BAD', 'RETURN was expected');
    isExtended = true;
    cursor.space();
    cursor.list(() => {
      const option = cursor.word();
      if (option === 'SUBSCRIBED') returnSubscribed = true;
      else if (option === 'STATUS') {
        cursor.space();
        status = parseStatusItems(cursor);
      } else if (option !== 'CHILDREN' && option !== 'SPECIAL-USE') throw new ImapError('BAD', 'Unknown return option');
    }, true);
  }
  cursor.end();
  return { selection, isExtended, reference, patterns, returnSubscribed, status };
}

function parseSelection(cursor: Cursor): ListSelection {
  const selection = { subscribed: false, specialUse: false, recursiveMatch: false };
  if (!cursor.isNext('(')) return selection;
  cursor.list(() => {
    const option = cursor.word();
    if (option === 'SUBSCRIBED') selection.subscribed = true;
    else if (option === 'SPECIAL-USE') selection.specialUse = true;
    else if (option === 'RECURSIVEMATCH') selection.recursiveMatch = true;
    // There are no mailboxes elsewhere.
    else if (option !== 'REMOTE') throw new ImapError('BAD', 'Unknown selection option');
  }, true);
  cursor.space();
  if (selection.recursiveMatch && !selects(selection)) throw new ImapError('BAD', 'RECURSIVEMATCH needs another selection option');
  return selection;
}
