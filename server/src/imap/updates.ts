/**
 * Telling the client what changed in its mailbox: EXPUNGE or VANISHED, EXISTS and RECENT, FLAGS, FETCH with flags, in this order, so that every number in
 * a reply is one that the client can know.
 *
 * RFC 9051 §5.2, §7.4.1, §7.5 · RFC 7162 §3.2.10 (VANISHED) · RFC 3501 §7.3.2 (RECENT)
 */
import { writeChangedLines } from './changed-lines.ts';
import { claimArrived } from './recent.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';
import { writeSet } from './wire/sequence-set.ts';

/** Lines that go to the writer at once. */
const LINES = 500;

export interface TellOptions {
  /** Whether the client may hear of expunges now. */
  readonly expunges: boolean;
  /** The table has just been brought up to date, and will be again with the next hint. */
  readonly isFresh?: boolean;
}

export async function tellUpdates(session: Session, { expunges, isFresh = false }: TellOptions): Promise<void> {
  const { selected } = session;
  if (selected === undefined) return;
  if (!isFresh) selected.base.refresh();
  const { view } = selected;
  if (!view.hasPending) return;
  if (expunges && view.hasGone) await tellGone(session, selected);
  if (view.hasNew) tellNew(session, selected);
  await tellChanged(session, selected);
}

async function tellGone(session: Session, { view }: Selected): Promise<void> {
  const { uids, seqs } = view.takeGone();
  if (session.hasQresync) {
    session.untagged(`VANISHED ${writeSet(uids)}`);
    return;
  }
  let lines = '';
  for (let i = 0; i < seqs.length; i++) {
    lines += `* ${seqs[i]} EXPUNGE\r\n`;
    if (i % LINES === LINES - 1) {
      session.writer.write(lines);
      lines = '';
      await session.drain();
    }
  }
  if (lines !== '') session.writer.write(lines);
}

function tellNew(session: Session, selected: Selected): void {
  const { view } = selected;
  const arrived = view.takeNew();
  if (arrived === undefined) return;
  if (!session.isRev2) claimArrived(session, selected, arrived.firstUid, arrived.endUid);
  session.untagged(`${view.length} EXISTS`);
  if (!session.isRev2) session.untagged(`${view.recentCount} RECENT`);
}

async function tellChanged(session: Session, selected: Selected): Promise<void> {
  const { view, base, keywords } = selected;
  const uids = view.takeChanged();
  await keywords.refresh(base.atModseq);
  if (selected.toldKeywords !== keywords.lists) tellKeywords(session, selected);
  await writeChangedLines(session, selected, uids);
}

/** FLAGS and PERMANENTFLAGS: at SELECT, and when the account has other keywords than the client knows. */
export function tellKeywords(session: Session, selected: Selected): void {
  const { keywords } = selected;
  selected.toldKeywords = keywords.lists;
  session.untagged(`FLAGS ${keywords.flags()}`);
  session.untagged(`OK [PERMANENTFLAGS ${selected.readOnly ? '()' : keywords.permanentFlags()}] Flags that can be kept`);
}
