/** STAT: how many messages and octets are not marked for removal. RFC 1939 §5 */
import type { Command } from '../command.ts';
import { refuseArgument } from './message-number.ts';

export const stat: Command = {
  name: 'STAT',
  states: ['transaction'],
  run(session, argument) {
    refuseArgument(argument);
    session.writer.write(`+OK ${session.maildrop.count} ${session.maildrop.bytes}\r\n`);
  },
};
