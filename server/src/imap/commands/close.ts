/** CLOSE: expunges what has \Deleted, tells nobody here, and leaves the mailbox. RFC 9051 §6.4.1 · RFC 7162 §3.2.8 */
import type { Command } from '../command.ts';
import { expungeDeleted } from '../expunge-deleted.ts';
import { leaveMailbox } from '../open-mailbox.ts';

export const close: Command<void> = {
  name: 'CLOSE',
  states: ['selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    const selected = session.mustBeSelected;
    const modseq = selected.readOnly ? undefined : await expungeDeleted(session, selected, undefined);
    leaveMailbox(session);
    return session.hasQresync && modseq !== undefined ? { code: `HIGHESTMODSEQ ${modseq}` } : undefined;
  },
};
