/**
 * FETCH and UID FETCH: data of messages.
 *
 * RFC 9051 §6.4.5, §6.4.9 · RFC 3501 §6.4.5 · RFC 7162 §3.1.4 (CHANGEDSINCE), §3.2.6 (VANISHED) · RFC 3516 · RFC 8474 §5
 */
import { type Command, ImapError } from '../command.ts';
import { type FetchRequest, parseFetchRequest } from '../fetch/request.ts';
import { runFetch } from '../fetch/run.ts';
import { tellVanishedSince } from '../resynchronize.ts';

import { tellKeywords } from '../updates.ts';
import type { SequenceSet } from '../wire/sequence-set.ts';

interface FetchArgs {
  readonly set: SequenceSet;
  readonly request: FetchRequest;
}

export const fetch: Command<FetchArgs> = {
  name: 'FETCH',
  states: ['selected'],
  hasUidForm: true,
  holdsExpunges: (kind) => kind === 'seq',
  parse(cursor) {
    cursor.space();
    const set = cursor.sequenceSet();
    cursor.space();
    return { set, request: parseFetchRequest(cursor) };
  },
  async run(session, { set, request }, kind) {
    const selected = session.mustBeSelected;
    const { view, base, keywords } = selected;
    if (request.vanished && (kind === 'seq' || !session.hasQresync || request.changedSince === undefined)) {
      throw new ImapError('BAD', 'VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC');
    }
    if (request.items.modseq) session.enableCondstore();
    let uids = view.uidsOf(set, kind);
    if (request.changedSince !== undefined) {
      if (request.vanished) await tellVanishedSince(session, selected, set, request.changedSince);
      const since: number = request.changedSince;
      let index = -1;
      uids = uids.filter((uid) => {
        index = view.indexOf(uid, index + 1);
        return view.modseqOf(uid, index) > since;
      });
    }
    if (request.items.flags || request.sections.some(({ setsSeen }) => setsSeen)) {
      await keywords.refresh(base.atModseq);
      if (selected.toldKeywords !== keywords.lists) tellKeywords(session, selected);
    }
    // The reply to UID FETCH has the UID whether or not it was asked for (RFC 9051 §6.4.9).
    const items = kind === 'uid' ? { ...request.items, uid: true } : request.items;
    const missing = await runFetch(session, selected, { ...request, items }, uids);
    return missing > 0 ? { code: 'EXPUNGEISSUED', text: 'Some of the messages no longer exist' } : undefined;
  },
};
