/** NAMESPACE: one personal namespace, without a prefix. RFC 9051 §6.3.10 · RFC 2342 */
import type { Command } from '../command.ts';
import { SEPARATOR } from '../wire/mailbox-name.ts';

export const namespace: Command<void> = {
  name: 'NAMESPACE',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    session.untagged(`NAMESPACE (("" "${SEPARATOR}")) NIL NIL`);
  },
};
