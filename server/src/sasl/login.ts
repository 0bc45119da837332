/** LOGIN: user name and password in two answers; obsolete, and still what some mail programs speak first. draft-murchison-sasl-login-00 */
import { decodeUtf8, latin1 } from '#core/bytes.ts';
import { MalformedResponse } from './malformed.ts';
import type { Mechanism } from './mechanism.ts';

export const login: Mechanism = {
  name: 'LOGIN',
  needsScramKeys: false,
  isOffered: (tls) => tls !== undefined,
  start: (context) => {
    let name: string | undefined;
    return {
      async next(response) {
        if (response === undefined) return { kind: 'challenge', data: latin1('Username:') };
        const text = decodeUtf8(response);
        // A few clients end what they send with a NUL, as the draft's examples once did.
        const value = text?.endsWith('\0') ? text.slice(0, -1) : text;
        if (!value || value.includes('\0')) throw new MalformedResponse();
        if (name === undefined) {
          name = value;
          return { kind: 'challenge', data: latin1('Password:') };
        }
        return { kind: 'done', identity: await context.directory.signInWithPassword(name, value, context), final: undefined };
      },
    };
  },
};
