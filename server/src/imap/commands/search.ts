/**
 * SEARCH and UID SEARCH.
 *
 * RFC 9051 §6.4.4, §7.3.4 (ESEARCH) · RFC 3501 §6.4.4, §7.2.5 · RFC 4731 · RFC 5182 (SAVE) · RFC 7162 §3.1.5, §3.1.10 (MODSEQ) · RFC 6855 §3
 */
import { type Command, ImapError } from '../command.ts';
import { Output } from '../fetch/output.ts';
import { some } from '../search/criterion.ts';
import { parseSearch, type SearchCommand, type SearchReturn } from '../search/parse.ts';
import { runSearch } from '../search/run.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import type { View } from '../view.ts';
import { writeSet } from '../wire/sequence-set.ts';
import { quoted } from '../wire/write.ts';

const ALL: SearchReturn = { min: false, max: false, all: true, count: false, save: false };
const NOTHING = new Uint32Array(0);

export const search: Command<SearchCommand> = {
  name: 'SEARCH',
  states: ['selected'],
  hasUidForm: true,
  holdsExpunges: (kind) => kind === 'seq',
  parse: parseSearch,
  async run(session, { returns, hasCharset, criterion }, kind) {
    const selected = session.mustBeSelected;
    const { view } = selected;
    if (hasCharset && session.enabled.has('UTF8=ACCEPT')) throw new ImapError('BAD', 'CHARSET must not be given after ENABLE UTF8=ACCEPT');
    const usesModseq = some(criterion, (each) => each.kind === 'modseq');
    if (usesModseq) session.enableCondstore();
    let uids: Uint32Array;
    try {
      uids = await runSearch(session, selected, criterion);
    } catch (error) {
      // RFC 5182 §2.1: a search that fails leaves an empty result.
      if (returns?.save === true) view.saved = NOTHING;
      throw error;
    }
    if (returns?.save === true) view.saved = told(uids, returns);
    const numbers = kind === 'uid' ? uids : sequenceNumbers(view, uids);
    if (returns === undefined && !session.isRev2) writeSearch(session, numbers, usesModseq ? highestModseq(selected, uids) : 0);
    else
      writeEsearch(session, {
        numbers,
        isUid: kind === 'uid',
        returns: returns ?? ALL,
        modseq: usesModseq ? highestModseq(selected, told(uids, returns ?? ALL)) : 0,
      });
  },
};

/** Of ascending uids. */
function sequenceNumbers(view: View, uids: Uint32Array): Uint32Array {
  let seq = 0;
  return uids.map((uid) => (seq = view.seqOf(uid, seq + 1)));
}

/** Of the result, what a RETURN names: only the ends where it asks for nothing else (RFC 5182 §2.1, RFC 7162 §3.1.10). */
function told(uids: Uint32Array, { min, max, all, count }: SearchReturn): Uint32Array {
  if (all || count || (!min && !max) || uids.length === 0) return uids;
  const ends = [...(min ? uids.subarray(0, 1) : []), ...(max ? uids.subarray(-1) : [])];
  return Uint32Array.from(new Set(ends));
}

function highestModseq({ view }: Selected, uids: Uint32Array): number {
  let highest = 0;
  let index = -1;
  for (const uid of uids) {
    index = view.indexOf(uid, index + 1);
    highest = Math.max(highest, view.modseqOf(uid, index));
  }
  return highest;
}

/** `* SEARCH 2 84 882 (MODSEQ 917162500)`: IMAP4rev1. */
function writeSearch(session: Session, numbers: Uint32Array, modseq: number): void {
  const output = new Output(session.writer);
  output.text('* SEARCH');
  for (const number of numbers) {
    output.byte(0x20);
    output.number(number);
  }
  if (modseq > 0) output.text(` (MODSEQ ${modseq})`);
  output.text('\r\n');
  output.handOver();
}

/** `* ESEARCH (TAG "a") UID COUNT 3 ALL 1:3`. Nothing for a RETURN (SAVE) alone. */
function writeEsearch(
  session: Session,
  { numbers, isUid, returns, modseq }: { readonly numbers: Uint32Array; readonly isUid: boolean; readonly returns: SearchReturn; readonly modseq: number },
): void {
  const { min, max, all, count } = returns;
  if (!min && !max && !all && !count) return;
  const items = [`ESEARCH (TAG ${quoted(session.tag)})`];
  if (isUid) items.push('UID');
  if (min && numbers.length > 0) items.push(`MIN ${numbers[0]}`);
  if (max && numbers.length > 0) items.push(`MAX ${numbers[numbers.length - 1]}`);
  if (count) items.push(`COUNT ${numbers.length}`);
  if (all && numbers.length > 0) items.push(`ALL ${writeSet(numbers)}`);
  if (modseq > 0) items.push(`MODSEQ ${modseq}`);
  session.untagged(items.join(' '));
}
