/**
 * \Recent: a message is recent in the first session that is told of it (IMAP4rev1 only). SELECT claims in the store what came since the last claim. What
 * comes while a mailbox is open is claimed for the first session of its thread that is told, and in the store when that session leaves the mailbox.
 *
 * Deviation: sessions on different threads that have a mailbox open while a message comes both show it as recent, which RFC 3501 §2.3.2 allows where the
 * server cannot determine who was first. It saves a commit for every message that an idle client is told of.
 */
import { DomainError } from '#core/errors.ts';
import type { MailboxId } from '#core/ids.ts';
import { claimRecent } from '#store/claim-recent.ts';
import type { MailboxInfo } from '#store/list-mailboxes.ts';
import { one, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';

/** By mailbox: the first uid that no session of this thread was told of, where the store does not know yet. */
const claims = new WeakMap<Store, Map<MailboxId, number>>();

function claimsOf(store: Store): Map<MailboxId, number> {
  let found = claims.get(store);
  if (found === undefined) claims.set(store, (found = new Map()));
  return found;
}

/** At SELECT: what nobody was told of is recent here; EXAMINE looks without taking. */
export async function claimOnOpen(session: Session, selected: Selected, info: MailboxInfo): Promise<void> {
  const { view, base, mailbox } = selected;
  const claimed = Math.max(info.recentUid, claimsOf(session.store).get(mailbox) ?? 0);
  if (claimed >= base.uidNext) return;
  // What comes while the claim is made is not the client's yet: it is recent when it is told.
  const { endUid } = view;
  view.addRecent(selected.readOnly ? claimed : Math.max(claimed, await claimInStore(session, mailbox)), endUid);
}

/** The first uid that nobody has claimed; 0 where the store cannot be written now, which must not keep anybody from reading. */
async function claimInStore({ store }: Session, mailbox: MailboxId): Promise<number> {
  try {
    return await store.commit(claimRecent, { mailbox });
  } catch (error) {
    if (error instanceof DomainError && error.temporary) return 0;
    throw error;
  }
}

/** When the client is told of new messages: those that no other session of this thread was told of are recent here. */
export function claimArrived(session: Session, { view, mailbox, readOnly }: Selected, firstUid: number, endUid: number): void {
  const known = claimsOf(session.store);
  const from = Math.max(firstUid, known.get(mailbox) ?? 0);
  view.addRecent(from, endUid);
  if (!readOnly && from < endUid) known.set(mailbox, endUid);
}

/** When a session leaves: the store learns what was claimed. Nobody waits for it: were it lost, messages would be recent once more. */
export function rememberClaims(session: Session, { mailbox, readOnly }: Selected): void {
  const known = claimsOf(session.store);
  const claimed = known.get(mailbox);
  if (readOnly || claimed === undefined) return;
  session.store.commit(claimRecent, { mailbox }).then(
    () => {
      if (known.get(mailbox) === claimed) known.delete(mailbox);
    },
    // The mailbox is gone, the disk is full or the server stops: then so is the claim.
    () => known.delete(mailbox),
  );
}

/** RECENT of STATUS: messages that no session was told of. */
export async function recentCount(session: Session, { mailbox, recentUid, uidNext }: MailboxInfo): Promise<number> {
  const claimed = Math.max(recentUid, claimsOf(session.store).get(mailbox) ?? 0);
  if (claimed >= uidNext) return 0;
  const row = await session.store.query(
    one<{ readonly count: number }>(sql`SELECT count(*) AS count FROM entry WHERE mailbox = ${mailbox} AND uid >= ${claimed}`),
  );
  return row?.count ?? 0;
}
