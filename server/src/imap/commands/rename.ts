/** RENAME: ids stay, and so does what is below; of INBOX only the messages go. RFC 9051 §6.3.6 · RFC 8474 §4.1 */
import type { Copied, CopyArgs } from '#store/copy-messages.ts';
import { renameInbox } from '#store/rename-inbox.ts';
import { renameMailbox } from '#store/rename-mailbox.ts';
import { moveBy } from '#trail/mail-changes.ts';
import type { Command } from '../command.ts';
import { mailboxNamed, newMailboxName } from '../mailboxes.ts';

interface RenameArgs {
  readonly from: string;
  readonly to: string;
}

export const rename: Command<RenameArgs> = {
  name: 'RENAME',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    const from = cursor.mailbox();
    cursor.space();
    const to = cursor.mailbox();
    cursor.end();
    return { from, to };
  },
  run: async (session, { from, to }) => {
    const { account, actor, store, services } = session;
    const { mailbox } = await mailboxNamed(session, from);
    const name = newMailboxName(to);
    const nowMs = services.clock.nowMs();
    if (from === 'INBOX') {
      const move = (args: CopyArgs): Promise<Copied> => store.commit(moveBy, { ...args, actor, fromName: from, toName: name });
      await renameInbox(store, { account, inbox: mailbox, name, nowMs }, move);
    } else await store.commit(renameMailbox, { account, mailbox, name, nowMs });
  },
};
