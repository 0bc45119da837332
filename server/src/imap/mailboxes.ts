/** What commands ask the store about mailboxes by name. RFC 9051 §5.1 */
import { DomainError } from '#core/errors.ts';
import { mailboxName } from '#store/mailbox-name.ts';
import { findMailbox, listMailboxes, listSubscriptions, type MailboxInfo } from '#store/list-mailboxes.ts';
import type { Session } from './session.ts';
import type { Cursor } from './wire/cursor.ts';
import { SEPARATOR } from './wire/mailbox-name.ts';

/** The arguments of a command that names a mailbox and nothing else. */
export function parseMailbox(cursor: Cursor): string {
  cursor.space();
  const name = cursor.mailbox();
  cursor.end();
  return name;
}

/** A name that a mailbox is to have. A separator at its end says that the client will create mailboxes below (RFC 9051 §6.3.4): here every mailbox can have some. */
export function newMailboxName(name: string): string {
  return mailboxName(name.endsWith(SEPARATOR) ? name.slice(0, -1) : name);
}

/** All mailboxes of the account, by name. */
export function allMailboxes(session: Session): Promise<readonly MailboxInfo[]> {
  return session.store.query(listMailboxes(session.account));
}

/** The names that the account is subscribed to. */
export async function subscriptions(session: Session): Promise<ReadonlySet<string>> {
  return new Set(await session.store.query(listSubscriptions(session.account)));
}

/** The mailbox of a name as the cursor reads it. Throws `mailbox-not-found`. */
export async function mailboxNamed(session: Session, name: string): Promise<MailboxInfo> {
  const found = await session.store.query(findMailbox(session.account, name));
  if (found === undefined) throw new DomainError('mailbox-not-found', 'There is no such mailbox');
  return found;
}
