/**
 * Large work in slices: a mutation touches at most 1,000 messages, so that everybody else waits for no more than a few milliseconds. Slices are sent two
 * at a time: one is run while the other's answer is on its way.
 */
import type { Modseq } from '#core/ids.ts';
import { type Copied, type CopyArgs, copyMessages, moveMessages } from './copy-messages.ts';
import { expunge, type ExpungeArgs, type Expunged } from './expunge.ts';
import type { Store } from './store.ts';
import { formatRanges, parseRanges, type UidRange } from './uid-set.ts';
import { type UpdatedFlags, updateFlags, type UpdateFlagsArgs } from './update-flags.ts';

/** Messages in a slice. */
export const SLICE_MESSAGES = 1_000;
/** Ranges in a slice: scattered uids cost a statement each. */
const SLICE_RANGES = 400;
const IN_FLIGHT = 2;

/** Ascending uids of messages (of a mailbox table, say), cut into sequence sets. */
export function* sliceUids(uids: Iterable<number>): Generator<string> {
  let ranges: [number, number][] = [];
  let open: [number, number] | undefined;
  let messages = 0;
  for (const uid of uids) {
    const continues = open !== undefined && uid === open[1] + 1;
    if (messages >= SLICE_MESSAGES || (!continues && ranges.length >= SLICE_RANGES)) {
      yield formatRanges(ranges);
      ranges = [];
      open = undefined;
      messages = 0;
    }
    if (open && uid === open[1] + 1) open[1] = uid;
    else {
      open = [uid, uid];
      ranges.push(open);
    }
    messages++;
  }
  if (ranges.length > 0) yield formatRanges(ranges);
}

/** The messages of a selection, ascending uids, instead of a sequence set. */
type Selected<Args> = Omit<Args, 'uids'> & { readonly uids: Iterable<number> };

/** `updateFlags` for any number of messages. Slices before a failed one remain (each message is changed or not). */
export async function updateFlagsInSlices(store: Store, { uids, ...args }: Selected<UpdateFlagsArgs>): Promise<UpdatedFlags> {
  const done = await inSlices(sliceUids(uids), (slice) => store.commit(updateFlags, { ...args, uids: slice }));
  return { modseq: lastModseq(done), changed: joined(done, 'changed'), stale: joined(done, 'stale') };
}

/** `expunge` for any number of messages. Slices before a failed one remain. */
export async function expungeInSlices(store: Store, { uids, ...args }: Selected<ExpungeArgs>): Promise<Expunged> {
  const done = await inSlices(sliceUids(uids), (slice) => store.commit(expunge, { ...args, uids: slice }));
  return { modseq: lastModseq(done), uids: joined(done, 'uids') };
}

/** `moveMessages` for any number of messages. Slices before a failed one remain, as RFC 6851 §3.3 allows. */
export async function moveInSlices(store: Store, { uids, ...args }: Selected<CopyArgs>): Promise<Copied> {
  return joinCopies(await inSlices(sliceUids(uids), (slice) => store.commit(moveMessages, { ...args, uids: slice })));
}

/** `copyMessages` for any number of messages, all or none: when a slice fails, the copies that were made are taken away (RFC 9051 §6.4.7). */
export async function copyInSlices(store: Store, { uids, ...args }: Selected<CopyArgs>): Promise<Copied> {
  const made: Copied[] = [];
  try {
    await inSlices(sliceUids(uids), async (slice) => {
      const copied = await store.commit(copyMessages, { ...args, uids: slice });
      made.push(copied);
      return copied;
    });
  } catch (error) {
    const { account, to, nowMs } = args;
    for (const { target } of made) if (target !== '') await store.commit(expunge, { account, mailbox: to, uids: target, onlyDeleted: false, nowMs });
    throw error;
  }
  // Answers come in the order of the slices: the writer keeps an account's order.
  return joinCopies(made);
}

/** Runs slices in order, two in flight; after a failure no further one is sent, and those in flight are waited for. */
export async function inSlices<Slice, Result>(slices: Iterable<Slice>, work: (slice: Slice) => Promise<Result>): Promise<Result[]> {
  const results: Promise<Result>[] = [];
  let failure: { readonly error: unknown } | undefined;
  for (const slice of slices) {
    const before = results[results.length - IN_FLIGHT];
    try {
      await before;
    } catch (error) {
      failure = { error };
      break;
    }
    results.push(work(slice));
  }
  const settled = await Promise.allSettled(results);
  for (const result of settled) if (result.status === 'rejected') failure ??= { error: result.reason };
  if (failure) throw failure.error;
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function lastModseq(done: readonly { readonly modseq: Modseq | undefined }[]): Modseq | undefined {
  return done.reduce<Modseq | undefined>((last, { modseq }) => modseq ?? last, undefined);
}

function joined<Key extends string>(done: readonly Readonly<Record<Key, string>>[], key: Key): string {
  // Slices ascend, so neighbours only have to be joined where they touch.
  const ranges: UidRange[] = [];
  for (const part of done)
    for (const range of parseRanges(part[key])) {
      const last = ranges[ranges.length - 1];
      if (last && last[1] + 1 === range[0]) ranges[ranges.length - 1] = [last[0], range[1]];
      else ranges.push(range);
    }
  return formatRanges(ranges);
}

function joinCopies(done: readonly Copied[]): Copied {
  return {
    modseq: lastModseq(done),
    uidValidity: done[0]?.uidValidity ?? 0,
    source: joined(done, 'source'),
    target: joined(done, 'target'),
  };
}

/** The uids of ranges within a sorted list of uids: which messages a client's set really names. */
export function selectUids(uids: Uint32Array, length: number, ranges: readonly UidRange[]): number[] {
  const selected: number[] = [];
  for (const [first, last] of ranges) {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((uids[middle] as number) < first) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < length && (uids[index] as number) <= last; index++) selected.push(uids[index] as number);
  }
  return selected;
}

/** Arguments of an operation on the whole of a mailbox table. */
export function allUids(base: { readonly uids: Uint32Array; readonly length: number }): Uint32Array {
  return base.uids.slice(0, base.length);
}
