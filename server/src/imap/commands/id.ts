/** ID: who is talking. RFC 2971 */
import { type Command, ImapError } from '../command.ts';
import { quoted } from '../wire/write.ts';

/** RFC 2971 §3.3. */
const MOST_PAIRS = 30;

export const id: Command<void> = {
  name: 'ID',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    if (!cursor.skipWord('NIL')) {
      const pairs = cursor.list(() => {
        cursor.string();
        cursor.space();
        cursor.nstring();
      }, true);
      if (pairs.length > MOST_PAIRS) throw new ImapError('BAD', 'Too many fields');
    }
    cursor.end();
  },
  run: async (session) => {
    session.untagged(`ID ("name" "Capri" "version" ${quoted(session.services.settings.version)})`);
  },
};
