/** CAPABILITY: RFC 9051 §6.1.1. */
import { capabilities } from '../capabilities.ts';
import type { Command } from '../command.ts';

export const capability: Command<void> = {
  name: 'CAPABILITY',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    session.untagged(`CAPABILITY ${capabilities(session)}`);
  },
};
