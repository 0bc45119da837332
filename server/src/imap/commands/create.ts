/** CREATE. RFC 9051 §6.3.4 · RFC 6154 §3 (USE) · RFC 8474 §4.1 (MAILBOXID) */
import { DomainError } from '#core/errors.ts';
import { objectId } from '#core/ids.ts';
import { createMailbox, SPECIAL_USES } from '#store/create-mailbox.ts';
import { type Command, ImapError } from '../command.ts';
import { newMailboxName } from '../mailboxes.ts';

interface CreateArgs {
  readonly name: string;
  readonly specialUse: string;
}

export const create: Command<CreateArgs> = {
  name: 'CREATE',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    const name = cursor.mailbox();
    const uses: string[] = [];
    if (cursor.skip(' ') && !cursor.isAtEnd) {
      cursor.list(() => {
        if (cursor.word() !== 'USE') throw new ImapError('BAD', 'Unknown parameter');
        cursor.space();
        uses.push(...cursor.list(() => cursor.flag(), true));
      });
    }
    cursor.end();
    if (uses.length > 1) throw new ImapError('NO', 'A mailbox has one special use at most', 'USEATTR');
    return { name, specialUse: uses[0] ?? '' };
  },
  run: async (session, args) => {
    const specialUse = args.specialUse === '' ? '' : knownUse(args.specialUse);
    const name = newMailboxName(args.name);
    const nowMs = session.services.clock.nowMs();
    const { mailbox } = await session.store.commit(createMailbox, { account: session.account, name, specialUse, nowMs }).catch((error: unknown) => {
      // The one thing that can be wrong with a name and a use that are proper.
      if (specialUse !== '' && error instanceof DomainError && error.code === 'bad-request') throw new ImapError('NO', error.message, 'USEATTR');
      throw error;
    });
    return { code: `MAILBOXID (${objectId('mailbox', mailbox)})` };
  },
};

function knownUse(wanted: string): string {
  const use = SPECIAL_USES.find((name) => name.toLowerCase() === wanted.toLowerCase());
  // \All, \Flagged and \Important are views of other mailboxes, which there are not.
  if (use === undefined || use === '\\All' || use === '\\Flagged' || use === '\\Important')
    throw new ImapError('NO', 'This special use is not possible', 'USEATTR');
  return use;
}
