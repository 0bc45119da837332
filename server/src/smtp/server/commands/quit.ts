/** QUIT: the client is done. RFC 5321 §4.1.1.10 */
import { Refusal } from '#delivery/delivery.ts';
import type { Command } from '../command.ts';

export const quit: Command = {
  verb: 'QUIT',
  syntax: 'QUIT',
  needs: 'nothing',
  run(session, argument) {
    if (argument !== '') throw new Refusal(501, '5.5.4', 'QUIT takes no arguments');
    session.close(221, '2.0.0', 'Bye');
  },
};
