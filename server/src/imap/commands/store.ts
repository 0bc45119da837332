/**
 * STORE and UID STORE: change the flags of messages.
 *
 * RFC 9051 §6.4.6, §6.4.9 · RFC 3501 §6.4.6 · RFC 7162 §3.1.3 (UNCHANGEDSINCE, MODIFIED)
 */
import type { Modseq } from '#core/ids.ts';
import { commitSlices, type Slice, slicesOf } from '#store/slices.ts';
import { parseRanges, uidsOf } from '#store/uid-set.ts';
import { DELETED, hasFlag } from '#store/flags.ts';
import { type FlagChange, type UpdatedFlags, type UpdateFlagsArgs, updateFlags } from '#store/update-flags.ts';
import { markDeletedBy } from '#trail/mail-changes.ts';
import { type Command, ImapError, type TaggedOk } from '../command.ts';
import { noItems } from '../fetch/request.ts';
import { Output } from '../fetch/output.ts';
import { Pace } from '../fetch/pace.ts';
import { beginLine, endLine } from '../fetch/table-lines.ts';
import { Walker } from '../fetch/walker.ts';
import { namedFlags } from '../flag-arguments.ts';
import { tellKeywords } from '../updates.ts';
import type { Cursor } from '../wire/cursor.ts';
import { type SequenceSet, writeSet } from '../wire/sequence-set.ts';

interface StoreArgs {
  readonly set: SequenceSet;
  readonly unchangedSince: Modseq | undefined;
  readonly change: FlagChange;
  readonly isSilent: boolean;
}

/** Lines between two looks at the clock. */
const LINES = 500;

export const store: Command<StoreArgs> = {
  name: 'STORE',
  states: ['selected'],
  hasUidForm: true,
  holdsExpunges: (kind) => kind === 'seq',
  parse(cursor) {
    cursor.space();
    const set = cursor.sequenceSet();
    cursor.space();
    const unchangedSince = cursor.isNext('(') ? parseModifiers(cursor) : undefined;
    const { change, isSilent } = parseChange(cursor);
    cursor.end();
    return { set, unchangedSince, change, isSilent };
  },
  async run(session, { set, unchangedSince, change, isSilent }, kind) {
    const selected = session.mustBeWritable;
    const { view, base, keywords, mailbox, name } = selected;
    const { account, actor } = session;
    const isTold = change.mode !== 'remove' && hasFlag(change.flags, DELETED);
    // Naming a modseq tells that this client understands CONDSTORE (RFC 7162 §3.1).
    if (unchangedSince !== undefined) session.enableCondstore();
    const uids = view.uidsOf(set, kind);
    const slices = slicesOf(uids, base);
    const items = {
      ...noItems(),
      uid: kind === 'uid' || session.hasQresync,
      flags: !isSilent,
      modseq: session.hasCondstore,
    };
    const output = new Output(session.writer);
    const walker = new Walker(selected);
    const pace = new Pace();
    const modified: number[] = [];

    const commit = (slice: Slice): Promise<UpdatedFlags> => {
      const nowMs = session.services.clock.nowMs();
      const args: UpdateFlagsArgs = { account, mailbox, uids: slice.set, change, ...(unchangedSince !== undefined && { unchangedSince }), nowMs };
      // The trail tells of \Deleted and of no other flag.
      return isTold ? session.store.commit(markDeletedBy, { ...args, actor, name }) : session.store.commit(updateFlags, args);
    };
    const tell = async ({ modseq, changed, stale }: UpdatedFlags, slice: Slice): Promise<void> => {
      if (modseq !== undefined) view.acknowledge(modseq);
      // The hint of this commit, or of the ones behind it, has most often been here before.
      if (modseq !== undefined && base.atModseq < modseq) base.refresh();
      const staleUids = new Set(uidsOf(parseRanges(stale)));
      modified.push(...staleUids);
      // With .SILENT a CONDSTORE client still needs the new modseqs (RFC 7162 §3.1.3): of what changed, or of all that a conditional STORE named.
      if (isSilent && !session.hasCondstore) return;
      await keywords.refresh(base.atModseq);
      if (!isSilent && selected.toldKeywords !== keywords.lists) tellKeywords(session, selected);
      const told = isSilent && unchangedSince === undefined ? uidsOf(parseRanges(changed)) : slice.uids;
      let lines = 0;
      for (const uid of told) {
        if (staleUids.has(uid) || !walker.goTo(uid)) continue;
        beginLine(output, items, keywords.lists, walker);
        endLine(output);
        if (++lines % LINES === 0 && pace.isDue(output)) await pace.rest(output);
      }
      output.handOver();
    };
    await commitSlices(slices, commit, tell);

    return reply(
      modified,
      kind === 'uid' ? modified : modified.map((uid) => view.seqOf(uid)),
      uids.length - slices.reduce((sum, slice) => sum + slice.uids.length, 0),
    );
  },
};

function reply(modified: readonly number[], numbers: readonly number[], missing: number): TaggedOk | undefined {
  if (modified.length > 0) return { code: `MODIFIED ${writeSet(numbers)}`, text: 'Some messages were changed by others and left alone' };
  return missing > 0 ? { code: 'EXPUNGEISSUED', text: 'Some of the messages no longer exist' } : undefined;
}

function parseModifiers(cursor: Cursor): Modseq | undefined {
  let unchangedSince: Modseq | undefined;
  cursor.list(() => {
    const name = cursor.word();
    if (name !== 'UNCHANGEDSINCE' || unchangedSince !== undefined) throw new ImapError('BAD', `Unknown STORE modifier ${name.slice(0, 40)}`);
    cursor.space();
    unchangedSince = cursor.modseq();
  });
  cursor.space();
  return unchangedSince;
}

/** `+FLAGS.SILENT (\Seen work)`; the parentheses may be missing. */
function parseChange(cursor: Cursor): { readonly change: FlagChange; readonly isSilent: boolean } {
  const word = cursor.wordUntil('(');
  const match = /^([+-]?)FLAGS(\.SILENT)?$/.exec(word);
  if (match === null) throw new ImapError('BAD', 'FLAGS was expected');
  cursor.space();
  const names = cursor.isNext('(') ? cursor.flagList() : [cursor.flag()];
  while (cursor.skip(' ')) {
    if (cursor.isAtEnd) break;
    names.push(cursor.flag());
  }
  const mode = match[1] === '+' ? 'add' : match[1] === '-' ? 'remove' : 'replace';
  return { change: { mode, ...namedFlags(names) }, isSilent: match[2] !== undefined };
}
