/** What PASS and AUTH share: from an identity to the transaction state. RFC 1939 §4 · RFC 2449 §6.5, §8.1.1 (LOGIN-DELAY) */
import type { Identity } from '#directory/directory.ts';
import { Pop3Error } from './errors.ts';
import { openMaildrop } from './maildrop.ts';
import type { Session } from './session.ts';
import * as texts from './texts.ts';

export async function signIn(session: Session, prove: () => Promise<Identity>): Promise<void> {
  const { store, loginDelay } = session.services;
  const identity = await prove();
  if (loginDelay && !loginDelay.take(String(identity.account))) throw new Pop3Error(texts.tooSoon, { code: 'LOGIN-DELAY' });
  session.enter(identity, await openMaildrop(store, identity.account));
  session.ok(texts.signedIn);
}
