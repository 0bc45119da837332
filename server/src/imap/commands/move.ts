/**
 * MOVE and UID MOVE. Each message is in one of the two mailboxes at every moment: when a large move fails half-way, what has moved stays moved, is told, and the
 * command ends with NO (RFC 6851 §3.3).
 *
 * RFC 9051 §6.4.8 · RFC 6851 · RFC 7162 §3.2.9
 */
import type { Command } from '../command.ts';
import { copyUid, findTarget, parseTransfer, transfer, type TransferArgs } from '../transfer-messages.ts';

export const move: Command<TransferArgs> = {
  name: 'MOVE',
  states: ['selected'],
  hasUidForm: true,
  parse: parseTransfer,
  async run(session, { set, name }, kind) {
    const selected = session.mustBeWritable;
    const uids = selected.view.uidsOf(set, kind);
    const to = await findTarget(session, name);
    const moved = await transfer(session, selected, { kind: 'move', uids, to, toName: name });
    // Before the expunges, which the session tells after this (RFC 6851 §4.3).
    const code = copyUid(moved);
    if (code !== undefined) session.untagged(`OK [${code}] Moved`);
    session.refresh();
    if (moved.failure !== undefined) throw moved.failure.error;
    if (moved.missing > 0) return { code: 'EXPUNGEISSUED', text: 'Some of the messages no longer exist' };
    return session.hasQresync && moved.modseq !== undefined ? { code: `HIGHESTMODSEQ ${moved.modseq}` } : undefined;
  },
};
