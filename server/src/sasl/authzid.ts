/** Whom a client wants to act as: nobody but itself. RFC 4422 §3.4.1 */
import { type Identity, SignInRefused } from '#directory/directory.ts';

/** Throws SignInRefused unless the authorization identity is empty, the account's login, or the name it signed in with. */
export function refuseOtherIdentity(authzid: string, authcid: string, identity: Identity): void {
  const wanted = authzid.normalize('NFC').toLowerCase();
  if (wanted !== '' && wanted !== identity.login && wanted !== authcid.normalize('NFC').toLowerCase()) throw new SignInRefused('malformed');
}
