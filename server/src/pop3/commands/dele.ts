/** DELE: marks a message; QUIT removes it. RFC 1939 §5 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { messageAt } from './message-number.ts';

export const dele: Command = {
  name: 'DELE',
  states: ['transaction'],
  run(session, argument) {
    session.maildrop.mark(messageAt(session.maildrop, argument));
    session.ok(texts.marked);
  },
};
