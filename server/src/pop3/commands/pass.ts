/** PASS: the password, spaces and all. RFC 1939 §7 */
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import { signIn } from '../sign-in.ts';
import * as texts from '../texts.ts';

export const pass: Command = {
  name: 'PASS',
  states: ['authorization'],
  async run(session, argument) {
    const context = session.requireTls();
    const { userName } = session;
    session.userName = undefined;
    if (userName === undefined) throw new Pop3Error(texts.userFirst, { isBad: true });
    await signIn(session, () => session.services.directory.signInWithPassword(userName, argument, context));
  },
};
