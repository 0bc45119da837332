/** LOGOUT: RFC 9051 §6.1.3. */
import type { Command } from '../command.ts';
import { leaveMailbox } from '../open-mailbox.ts';

export const logout: Command<void> = {
  name: 'LOGOUT',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    leaveMailbox(session);
    session.untagged('BYE Goodbye');
    session.state = 'logout';
  },
};
