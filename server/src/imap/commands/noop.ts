/** NOOP: the session tells what is new before each tagged reply. RFC 9051 §6.1.2 */
import type { Command } from '../command.ts';

export const noop: Command<void> = {
  name: 'NOOP',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async () => undefined,
};
