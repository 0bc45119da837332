/** LSUB: IMAP4rev1's list of subscriptions; IMAP4rev2 has LIST (SUBSCRIBED) instead. RFC 3501 §6.3.9 */
import { type Command, ImapError } from '../command.ts';
import { listSubscribed, lsubLine } from '../list-mailboxes.ts';
import { allMailboxes, subscriptions } from '../mailboxes.ts';
import { SEPARATOR } from '../wire/mailbox-name.ts';

interface LsubArgs {
  readonly reference: string;
  readonly pattern: string;
}

const LONGEST_PATTERN = 1000;

export const lsub: Command<LsubArgs> = {
  name: 'LSUB',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    const reference = cursor.mailboxPattern();
    cursor.space();
    const pattern = cursor.mailboxPattern();
    cursor.end();
    if (reference.length + pattern.length > LONGEST_PATTERN) throw new ImapError('BAD', 'The pattern is too long');
    return { reference, pattern };
  },
  run: async (session, { reference, pattern }) => {
    if (session.isRev2) throw new ImapError('BAD', 'LSUB is not part of IMAP4rev2: use LIST (SUBSCRIBED)');
    if (pattern === '') {
      session.untagged(`LSUB (\\Noselect) "${SEPARATOR}" ""`);
      return;
    }
    const [mailboxes, subscribed] = [await allMailboxes(session), await subscriptions(session)];
    for await (const listed of listSubscribed({ mailboxes, subscribed, patterns: [reference + pattern] })) {
      session.untagged(lsubLine(session, listed));
      await session.drain();
    }
  },
};
