/** DELETE. A name with mailboxes below it stays as a level that cannot be selected. RFC 9051 §6.3.5 */
import { deleteMailboxBy } from '#trail/mail-changes.ts';
import type { Command } from '../command.ts';
import { mailboxNamed, parseMailbox } from '../mailboxes.ts';
import { leaveMailbox } from '../open-mailbox.ts';

export const deleteCommand: Command<string> = {
  name: 'DELETE',
  states: ['authenticated', 'selected'],
  parse: parseMailbox,
  run: async (session, name) => {
    const { mailbox } = await mailboxNamed(session, name);
    const { account, actor, services } = session;
    await session.store.commit(deleteMailboxBy, { account, mailbox, nowMs: services.clock.nowMs(), actor, name });
    if (session.selected?.mailbox === mailbox) {
      leaveMailbox(session);
      session.untagged('OK [CLOSED] The selected mailbox was deleted');
    }
  },
};
