/** What LOGIN and AUTHENTICATE share. RFC 9051 §6.2.2, §6.2.3 */
import type { Identity, SignInContext } from '#directory/directory.ts';
import { capabilities } from './capabilities.ts';
import { ImapError, type TaggedOk } from './command.ts';
import type { Session } from './session.ts';

/** Refuses before TLS; else says where the attempt comes from. */
export function requireTls({ connection }: Session): SignInContext {
  if (connection.tls === undefined) throw new ImapError('NO', 'Sign-in is possible only with TLS: use STARTTLS or port 993', 'PRIVACYREQUIRED');
  return { listener: connection.listener, remoteAddress: connection.remote.address, connectionId: connection.id };
}

/** Begins the authenticated state; the reply saves the client from asking for the capabilities. */
export function signedIn(session: Session, identity: Identity): TaggedOk {
  session.signIn(identity);
  return { code: `CAPABILITY ${capabilities(session)}`, text: 'Signed in' };
}
