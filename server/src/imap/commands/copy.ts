/**
 * COPY and UID COPY: all of the messages or none.
 *
 * The store takes large copies in slices. When one of them fails, what the earlier ones copied is taken back, so that the destination is as before
 * (RFC 9051 §6.4.7).
 *
 * RFC 9051 §6.4.7 · RFC 4315 §3 (COPYUID) · RFC 9208 (OVERQUOTA)
 */
import { DomainError } from '#core/errors.ts';
import type { MailboxId } from '#core/ids.ts';
import { expungeBy } from '#trail/mail-changes.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';
import { copyUid, findTarget, parseTransfer, transfer, type TransferArgs } from '../transfer-messages.ts';

export const copy: Command<TransferArgs> = {
  name: 'COPY',
  states: ['selected'],
  hasUidForm: true,
  parse: parseTransfer,
  async run(session, { set, name }, kind) {
    const selected = session.mustBeSelected;
    const { base } = selected;
    const uids = selected.view.uidsOf(set, kind);
    const to = await findTarget(session, name);
    const { limitBytes, usedBytes } = await session.services.directory.quota(session.account);
    if (limitBytes > 0) {
      const bytes = uids.reduce((sum, uid) => sum + (base.sizes[base.indexOf(uid)] ?? 0), 0);
      if (usedBytes + bytes > limitBytes) throw new DomainError('over-quota', 'There is no room for these messages');
    }
    const copied = await transfer(session, selected, { kind: 'copy', uids, to, toName: name, limitBytes });
    if (copied.failure !== undefined) {
      await takeBack(session, { mailbox: to, name }, copied.target);
      throw copied.failure.error;
    }
    const code = copyUid(copied);
    if (code !== undefined) return copied.missing > 0 ? { code, text: 'Copied; some of the messages no longer exist' } : { code };
    return copied.missing > 0 ? { code: 'EXPUNGEISSUED', text: 'The messages no longer exist' } : undefined;
  },
};

/** Each range came from one slice or several: cut to what the store takes at once. */
async function takeBack(session: Session, target: { readonly mailbox: MailboxId; readonly name: string }, ranges: readonly string[]): Promise<void> {
  const { account, actor } = session;
  for (const range of ranges) {
    const [first, last = first] = range.split(':').map(Number);
    for (let from = first ?? 0; from <= (last ?? 0); from += 1000) {
      const uids = `${from}:${Math.min(from + 999, last ?? 0)}`;
      await session.store.commit(expungeBy, { account, ...target, uids, onlyDeleted: false, nowMs: session.services.clock.nowMs(), actor });
    }
  }
}
