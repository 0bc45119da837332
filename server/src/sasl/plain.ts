/** PLAIN: [authzid] NUL authcid NUL password. RFC 4616 */
import { decodeUtf8 } from '#core/bytes.ts';
import { MalformedResponse } from './malformed.ts';
import type { Mechanism } from './mechanism.ts';

export const plain: Mechanism = {
  name: 'PLAIN',
  needsScramKeys: false,
  isOffered: (tls) => tls !== undefined,
  start: (context) => ({
    async next(response) {
      if (response === undefined) return { kind: 'challenge', data: new Uint8Array() };
      const parts = decodeUtf8(response)?.split('\0') ?? [];
      const [authzid, authcid, password] = parts;
      if (parts.length !== 3 || authzid === undefined || !authcid || !password) throw new MalformedResponse();
      const identity = await context.directory.signInWithPassword(authcid, password, { ...context, actAs: authzid });
      return { kind: 'done', identity, final: undefined };
    },
  }),
};
