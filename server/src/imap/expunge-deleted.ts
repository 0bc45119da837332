/**
 * Removing messages with \Deleted: what EXPUNGE, UID EXPUNGE and CLOSE share.
 *
 * RFC 9051 §6.4.2, §6.4.3, §6.4.9
 */
import { DELETED, hasFlag } from '#store/flags.ts';
import type { Expunged } from '#store/expunge.ts';
import { commitSlices, slicesOf } from '#store/slices.ts';
import { expungeBy } from '#trail/mail-changes.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';

/**
 * Expunges those of the uids (all where they are not given) that have \Deleted now. Of all, only what the client knows of: a message that just arrived is not
 * removed unseen. Returns the modseq of the last change, undefined where there was none.
 */
export async function expungeDeleted(session: Session, selected: Selected, uids?: Uint32Array): Promise<number | undefined> {
  const { base, view, mailbox, name } = selected;
  const { account, actor } = session;
  const candidates = uids ?? view.uids.subarray(0, view.length);
  let index = -1;
  const deleted = candidates.filter((uid) => {
    const next = view.indexOf(uid, index + 1);
    if (next < 0) return false;
    index = next;
    return hasFlag(base.flags[next] ?? 0, DELETED);
  });
  let modseq: number | undefined;
  await commitSlices(
    slicesOf(deleted, base),
    (slice): Promise<Expunged> =>
      session.store.commit(expungeBy, { account, mailbox, uids: slice.set, onlyDeleted: true, nowMs: session.services.clock.nowMs(), actor, name }),
    (expunged) => {
      modseq = expunged.modseq ?? modseq;
    },
  );
  return modseq;
}
