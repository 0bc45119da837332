/** RSET: no message is marked any more. RFC 1939 §5 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

export const rset: Command = {
  name: 'RSET',
  states: ['transaction'],
  run(session, argument) {
    refuseArgument(argument);
    session.maildrop.unmarkAll();
    session.ok(texts.unmarked);
  },
};
