/** LOGIN: only under TLS. RFC 9051 §6.2.3, §11.2 · RFC 5530 (PRIVACYREQUIRED) */
import type { Command } from '../command.ts';
import { requireTls, signedIn } from '../sign-in.ts';

interface LoginArgs {
  readonly login: string;
  readonly password: string;
}

export const login: Command<LoginArgs> = {
  name: 'LOGIN',
  states: ['not-authenticated'],
  parse: (cursor) => {
    cursor.space();
    const name = cursor.astring();
    cursor.space();
    const password = cursor.astring();
    cursor.end();
    return { login: name, password };
  },
  run: async (session, args) => {
    const context = requireTls(session);
    return signedIn(session, await session.services.directory.signInWithPassword(args.login, args.password, context));
  },
};
