/**
 * QRESYNC: what happened in a mailbox since the client last saw it: VANISHED (EARLIER) and FETCH, told within SELECT.
 *
 * RFC 7162 §3.2.5
 */
import type { Modseq } from '#core/ids.ts';
import { expungedSince, touchedSince } from '#store/read-change-log.ts';
import type { UidRange } from '#store/uid-set.ts';
import { writeChangedLines } from './changed-lines.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';
import { formatRanges, intersect, lowerBound, withoutUids } from './uid-ranges.ts';
import { type SequenceRange, type SequenceSet, normalizeRanges, STAR } from './wire/sequence-set.ts';

/** What the client remembers. */
export interface KnownState {
  readonly uidValidity: number;
  readonly modseq: Modseq;
  /** The messages it knows; all where it does not say. */
  readonly uids: SequenceSet | undefined;
  /** Some sequence numbers with their uids, from which the server can tell up to where nothing was expunged. */
  readonly match: { readonly seqs: SequenceSet; readonly uids: SequenceSet } | undefined;
}

/** Tells the changes; nothing when the mailbox is not the one that the client remembers. */
export async function resynchronize(session: Session, selected: Selected, known: KnownState): Promise<void> {
  const { base } = selected;
  if (known.uidValidity !== base.uidValidity) return;
  const wanted = normalizeRanges(known.uids?.ranges ?? [{ first: 1, last: STAR }], Math.max(1, base.uidNext - 1));
  const vanished = await vanishedIn(session, selected, known, wanted);
  if (vanished !== '') session.untagged(`VANISHED (EARLIER) ${vanished}`);
  const touched = await session.store.query(touchedSince(selected.mailbox, session.account, known.modseq));
  const looked = touched === undefined ? wanted : intersect(wanted, sequenceRanges(touched));
  await writeChangedLines(session, selected, changedIn(selected, looked, known.modseq));
}

/** For UID FETCH with VANISHED: which of the named uids have left since then (RFC 7162 §3.2.6). */
export async function tellVanishedSince(session: Session, selected: Selected, set: SequenceSet, modseq: Modseq): Promise<void> {
  const { uidValidity, uidNext } = selected.base;
  const wanted = normalizeRanges(set.ranges, Math.max(1, uidNext - 1));
  const vanished = await vanishedIn(session, selected, { uidValidity, modseq, uids: undefined, match: undefined }, wanted);
  if (vanished !== '') session.untagged(`VANISHED (EARLIER) ${vanished}`);
}

/** The known uids that have left since then, as a set. From the change log; where it was pruned, everything that is not here any more. */
async function vanishedIn(session: Session, selected: Selected, known: KnownState, wanted: readonly SequenceRange[]): Promise<string> {
  const expunged = await session.store.query(expungedSince(selected.mailbox, session.account, known.modseq));
  if (expunged === undefined) return formatRanges(intersect(wanted, absentUids(selected, intactUpTo(selected, known))));
  const vanished = intersect(wanted, sequenceRanges(expunged));
  // The log may be ahead of the view: what the client still has a number for it will be told of as news, not as an earlier one too.
  return formatRanges(withoutUids(vanished, selected.view.uids, selected.view.length));
}

function sequenceRanges(ranges: readonly UidRange[]): SequenceRange[] {
  return ranges.map(([first, last]) => ({ first, last }));
}

/** The uids in these ranges of messages that changed after a modseq, ascending. */
function changedIn({ view }: Selected, ranges: readonly SequenceRange[], since: Modseq): Uint32Array {
  const { uids, length } = view;
  const changed: number[] = [];
  let index = -1;
  for (const { first, last } of ranges) {
    for (let at = lowerBound(uids, length, first); at < length; at++) {
      const uid = uids[at] ?? 0;
      if (uid > last) break;
      index = view.indexOf(uid, index + 1);
      if (view.modseqOf(uid, index) > since) changed.push(uid);
    }
  }
  return Uint32Array.from(changed);
}

/** The uids above `from` that no message of the view has. */
function absentUids({ view, base }: Selected, from: number): SequenceRange[] {
  const { uids, length } = view;
  const absent: SequenceRange[] = [];
  let next = from + 1;
  for (let i = view.hasGone ? 0 : base.lowerBound(next); i < length; i++) {
    const uid = uids[i] ?? 0;
    if (uid > next) absent.push({ first: next, last: uid - 1 });
    next = Math.max(next, uid + 1);
  }
  if (next < view.endUid) absent.push({ first: next, last: view.endUid - 1 });
  return absent;
}

/** The uid up to which the client's numbers and ours agree, so that nothing below it was expunged unknown to it; 0 where it did not say. */
function intactUpTo({ view }: Selected, { match }: KnownState): number {
  if (match === undefined) return 0;
  let intact = 0;
  const seqs = numbersOf(match.seqs, view.length);
  const uids = numbersOf(match.uids, view.largestUid);
  for (;;) {
    const seq = seqs.next();
    const uid = uids.next();
    if (seq.done === true || uid.done === true || view.uidAt(seq.value) !== uid.value) return intact;
    intact = uid.value;
  }
}

/** The numbers of a set, ascending; the caller stops at the first that is of no use, so a huge range costs nothing. */
function* numbersOf(set: SequenceSet, largest: number): Generator<number, undefined> {
  for (const { first, last } of normalizeRanges(set.ranges, largest)) {
    for (let number = first; number <= last; number++) yield number;
  }
  return undefined;
}
