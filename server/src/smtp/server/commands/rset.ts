/** RSET: drops the message that was begun. RFC 5321 §4.1.1.5 */
import { Refusal } from '#delivery/delivery.ts';
import type { Command } from '../command.ts';

export const rset: Command = {
  verb: 'RSET',
  syntax: 'RSET',
  needs: 'nothing',
  async run(session, argument) {
    if (argument !== '') throw new Refusal(501, '5.5.4', 'RSET takes no arguments');
    await session.resetTransaction();
    session.reply(250, '2.0.0', 'Ok');
  },
};
