/**
 * EXPUNGE and UID EXPUNGE: remove messages that have \Deleted. What left is told by the session before the tagged reply.
 *
 * RFC 9051 §6.4.3, §6.4.9 · RFC 4315 §2.1 (UID EXPUNGE) · RFC 7162 §3.2.7, §3.2.8 (VANISHED, HIGHESTMODSEQ)
 */
import type { Command } from '../command.ts';
import { expungeDeleted } from '../expunge-deleted.ts';
import type { SequenceSet } from '../wire/sequence-set.ts';

interface ExpungeArgs {
  /** Of UID EXPUNGE. */
  readonly set: SequenceSet | undefined;
}

export const expunge: Command<ExpungeArgs> = {
  name: 'EXPUNGE',
  states: ['selected'],
  hasUidForm: true,
  parse(cursor, kind) {
    let set: SequenceSet | undefined;
    if (kind === 'uid') {
      cursor.space();
      set = cursor.sequenceSet();
    }
    cursor.end();
    return { set };
  },
  async run(session, { set }) {
    const selected = session.mustBeWritable;
    const modseq = await expungeDeleted(session, selected, set === undefined ? undefined : selected.view.uidsOf(set, 'uid'));
    session.refresh();
    return session.hasQresync && modseq !== undefined ? { code: `HIGHESTMODSEQ ${modseq}` } : undefined;
  },
};
