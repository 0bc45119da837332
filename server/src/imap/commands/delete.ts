/** DELETE. A name with mailboxes below it stays as a level that cannot be selected. RFC 9051 §6.3.5 */
import { deleteMailbox } from '#store/delete-mailbox.ts';
import type { Command } from '../command.ts';
import { mailboxNamed, parseMailbox } from '../mailboxes.ts';
import { leaveMailbox } from '../open-mailbox.ts';

export const deleteCommand: Command<string> = {
  name: 'DELETE',
  states: ['authenticated', 'selected'],
  parse: parseMailbox,
  run: async (session, name) => {
    const { mailbox } = await mailboxNamed(session, name);
    await session.store.commit(deleteMailbox, { account: session.account, mailbox, nowMs: session.services.clock.nowMs() });
    if (session.selected?.mailbox === mailbox) {
      leaveMailbox(session);
      session.untagged('OK [CLOSED] The selected mailbox was deleted');
    }
  },
};
