/** UNSELECT: leaves the mailbox and expunges nothing. RFC 9051 §6.4.2 · RFC 3691 */
import type { Command } from '../command.ts';
import { leaveMailbox } from '../open-mailbox.ts';

export const unselect: Command<void> = {
  name: 'UNSELECT',
  states: ['selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    leaveMailbox(session);
  },
};
