/**
 * Large work in slices: a mutation touches at most 1,000 messages (ARCHITECTURE "How it changes"), so that everybody else waits for no more than a few
 * milliseconds. Slices are sent one behind the other without waiting for each: the writer makes several durable with one sync.
 */
import type { MailboxBase } from './mailbox-base.ts';

/** Messages of one slice, and ranges: scattered messages cost a statement each. */
const SLICE_MESSAGES = 1000;
const SLICE_RANGES = 250;
/** Slices on their way to the writer at one time: more would only make other accounts wait. */
const IN_FLIGHT = 8;

export interface Slice {
  /** Ascending; all of them were in the mailbox when the slice was made. */
  readonly uids: readonly number[];
  /** The same as a set in which neighbours in the mailbox make one range, though numbers between them may be long gone: `5:9` for 5, 6 and 9. */
  readonly set: string;
}

/** The slices of ascending uids. Those that are not in the mailbox are left out. */
export function slicesOf(uids: Uint32Array, base: MailboxBase): Slice[] {
  const slices: Slice[] = [];
  let present: number[] = [];
  let ranges: string[] = [];
  let first = 0;
  let previous = 0;
  let index = -2;
  const closeRange = (): void => {
    if (first > 0) ranges.push(first === previous ? `${first}` : `${first}:${previous}`);
    first = 0;
  };
  const closeSlice = (): void => {
    closeRange();
    if (present.length > 0) slices.push({ uids: present, set: ranges.join(',') });
    present = [];
    ranges = [];
  };
  for (const uid of uids) {
    const next = base.uids[index + 1] === uid && index + 1 < base.length ? index + 1 : base.indexOf(uid);
    if (next < 0) continue;
    if (first > 0 && next !== index + 1) closeRange();
    if (present.length === SLICE_MESSAGES || (first === 0 && ranges.length === SLICE_RANGES)) closeSlice();
    if (first === 0) first = uid;
    index = next;
    previous = uid;
    present.push(uid);
  }
  closeSlice();
  return slices;
}

/** Commits slice after slice and hands each result on in order. The first failure stops what has not been sent and is thrown after the results before it. */
export async function commitSlices<Result>(
  slices: readonly Slice[],
  commit: (slice: Slice) => Promise<Result>,
  take: (result: Result, slice: Slice) => void | Promise<void> = () => undefined,
): Promise<void> {
  const running: Promise<{ readonly result: Result } | { readonly error: unknown }>[] = [];
  let failure: { readonly error: unknown } | undefined;
  let sent = 0;
  for (const slice of slices) {
    const isFilling = running.length <= IN_FLIGHT / 2;
    // Filled up again when half of them are done, so that several come to the writer together and share a sync.
    while (isFilling && sent < slices.length && running.length < IN_FLIGHT && failure === undefined) {
      const next = slices[sent++];
      if (next !== undefined) running.push(settled(commit(next)));
    }
    const outcome = await running.shift();
    if (outcome === undefined) break;
    if ('error' in outcome) failure ??= outcome;
    else await take(outcome.result, slice);
  }
  if (failure !== undefined) throw failure.error;
}

async function settled<Result>(work: Promise<Result>): Promise<{ readonly result: Result } | { readonly error: unknown }> {
  try {
    return { result: await work };
  } catch (error) {
    return { error };
  }
}
