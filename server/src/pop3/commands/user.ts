/** USER: the name, for PASS. Says nothing about whether anybody has it. RFC 1939 §7 */
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import * as texts from '../texts.ts';

export const user: Command = {
  name: 'USER',
  states: ['authorization'],
  run(session, argument) {
    session.requireTls();
    if (argument === '') throw new Pop3Error(texts.badArgument, { isBad: true });
    session.userName = argument;
    session.ok(texts.passwordNext);
  },
};
