/** VRFY and EXPN: nobody is told who has a mailbox here; RCPT gives the only answer. RFC 5321 §3.5.3, §4.1.1.6, §4.1.1.7, §7.3 */
import { Refusal } from '#delivery/delivery.ts';
import type { Command } from '../command.ts';

export const vrfy: Command = {
  verb: 'VRFY',
  syntax: 'VRFY address',
  needs: 'sign-in',
  run(session, argument) {
    if (argument === '') throw new Refusal(501, '5.5.4', 'Syntax: VRFY address');
    session.reply(252, '2.1.5', 'Cannot verify the user; send a message and see');
  },
};

export const expn: Command = {
  verb: 'EXPN',
  syntax: '',
  needs: 'sign-in',
  run() {
    throw new Refusal(502, '5.5.1', 'EXPN is not available');
  },
};
