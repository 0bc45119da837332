/** CHECK: everything acknowledged is durable already, so this is NOOP. RFC 3501 §6.4.1 */
import type { Command } from '../command.ts';

export const check: Command<void> = {
  name: 'CHECK',
  states: ['selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async () => undefined,
};
