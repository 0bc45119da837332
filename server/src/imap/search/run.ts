/**
 * Carries out a search in slices of bounded memory: the mailbox table decides what it can, rows are read for the rest, headers and bodies for what is then
 * still open. Other work gets its turn between slices.
 *
 * RFC 9051 §6.4.4
 */
import { DomainError } from '#core/errors.ts';
import type { BlobId } from '#core/ids.ts';
import { decodeStructure } from '#message/structure.ts';
import type { BlobRange } from '#store/store.ts';
import { Pace } from '../fetch/pace.ts';
import type { Batch } from '../rows/batch.ts';
import type { Columns } from '../rows/queries.ts';
import { readRows } from '../rows/reader.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { normalizeRanges, type SequenceRange } from '../wire/sequence-set.ts';
import { type Criterion, some } from './criterion.ts';
import { BODY, type Candidate, compile, HEADER, type Plan, ROW, type SearchContext, TABLE, UNKNOWN, YES } from './evaluate.ts';
import { type FlagFilter, filterByFlags, flagFilterOf } from './flag-filter.ts';
import { findInLarge } from './large-text.ts';
import { LargeTextWorker } from './large-text-worker.ts';
import { isListingField, LoadedMessage } from './loaded-message.ts';

const TABLE_SLICE = 4096;
const ROW_SLICE = 256;
/** Octets of headers and bodies held at one time. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** A message above this is searched part by part. */
const LARGE_BYTES = 256 * 1024;
/** Of a longer header only the beginning is looked at. */
const HEADER_BYTES = 1024 * 1024;
/** One for all searches of this thread. */
const largeTexts = new LargeTextWorker();

/** The uids that satisfy the criterion, ascending. */
export async function runSearch(session: Session, selected: Selected, criterion: Criterion): Promise<Uint32Array> {
  return new SearchRun(session, selected, criterion).run();
}

class SearchRun {
  readonly #session: Session;
  readonly #selected: Selected;
  readonly #criterion: Criterion;
  readonly #filter: FlagFilter;
  /** Of what the filter leaves open. */
  readonly #plan: Plan;
  readonly #message: LoadedMessage;
  readonly #pace = new Pace();
  readonly #columns: Columns;
  /** What is looked for in bodies. */
  readonly #needles: ReadonlySet<string>;

  constructor(session: Session, selected: Selected, criterion: Criterion) {
    this.#session = session;
    this.#selected = selected;
    this.#criterion = criterion;
    const context = contextOf(session, selected);
    this.#filter = flagFilterOf(criterion, context);
    const { rest } = this.#filter;
    this.#plan = compile(rest, context);
    this.#message = new LoadedMessage(selected);
    this.#columns = columnsFor(rest, this.#plan);
    const needles = new Set<string>();
    some(rest, (each) => {
      if (each.kind === 'body' || each.kind === 'text') needles.add(each.needle);
      return false;
    });
    this.#needles = needles;
  }

  async run(): Promise<Uint32Array> {
    const uids = filterByFlags(this.#filter, this.#selected, this.#candidates());
    if (this.#filter.rest.kind === 'all') return uids;
    /** Answers by place in `uids`. */
    const isHit = new Uint8Array(uids.length);
    let open = await this.#fromTable(uids, isHit);
    while (open.length > 0) {
      const slice = open.slice(0, ROW_SLICE);
      open = open.subarray(slice.length);
      await this.#pace.rest();
      await this.#withRows(uids, slice, isHit);
    }
    return uids.filter((_, place) => isHit[place] === 1);
  }

  /** Those of a set that must hold anyway; undefined for all messages. */
  #candidates(): Uint32Array | undefined {
    const { view } = this.#selected;
    const top = this.#criterion.kind === 'and' ? this.#criterion.of : [this.#criterion];
    for (const each of top) {
      if (each.kind === 'uid' || each.kind === 'sequence') return view.uidsOf(each.set, each.kind === 'uid' ? 'uid' : 'seq', { isLenient: true });
    }
    return undefined;
  }

  /** Returns the places of the messages that the table does not decide. */
  async #fromTable(uids: Uint32Array, isHit: Uint8Array): Promise<Uint32Array> {
    const open = new Uint32Array(this.#plan.level === TABLE ? 0 : uids.length);
    let count = 0;
    const message = this.#message;
    for (let from = 0; from < uids.length; from += TABLE_SLICE) {
      await this.#pace.rest();
      const to = Math.min(from + TABLE_SLICE, uids.length);
      for (let place = from; place < to; place++) {
        if (!message.goTo(uids[place] ?? 0)) continue;
        const answer = this.#plan.test(message);
        if (answer === YES) isHit[place] = 1;
        else if (answer === UNKNOWN) open[count++] = place;
      }
    }
    return open.subarray(0, count);
  }

  async #withRows(uids: Uint32Array, places: Uint32Array, isHit: Uint8Array, columns: Columns = this.#columns): Promise<void> {
    const wanted = places.map((place) => uids[place] ?? 0);
    const rows = await readRows(this.#session, this.#selected, wanted, columns);
    const message = this.#message;
    const open: OpenRow[] = [];
    for (let i = 0; i < places.length; i++) {
      const place = places[i] ?? 0;
      const uid = wanted[i] ?? 0;
      if (!rows.seek(uid) || !message.goTo(uid)) continue;
      const { batch, index } = rows;
      message.setRow(batch, index);
      const answer = this.#plan.test(message);
      if (answer === YES) isHit[place] = 1;
      else if (answer === UNKNOWN) open.push({ place, uid, batch, index });
    }
    if (open.length === 0) return;
    if (columns !== 'search') {
      // A header too long for the row, in a search that had no need of bodies so far.
      await this.#withRows(
        uids,
        Uint32Array.from(open, ({ place }) => place),
        isHit,
        'search',
      );
      return;
    }
    const left = this.#plan.usesHeader || this.#plan.level < BODY ? await this.#withOctets(open, HEADER, isHit) : open;
    if (left.length > 0) await this.#withOctets(left, BODY, isHit);
  }

  /** Reads headers or bodies and decides; returns what is still open. */
  async #withOctets(open: readonly OpenRow[], level: typeof HEADER | typeof BODY, isHit: Uint8Array): Promise<readonly OpenRow[]> {
    const left: OpenRow[] = [];
    let batch: OpenRow[] = [];
    let bytes = 0;
    const decide = (each: OpenRow): void => {
      const answer = this.#plan.test(this.#message);
      if (answer === YES) isHit[each.place] = 1;
      else if (answer === UNKNOWN) left.push(each);
    };
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.#batch(batch, level, decide);
      batch = [];
      bytes = 0;
    };
    for (const each of open) {
      const length = rangeOf(each, level).length;
      if (length > LARGE_BYTES) {
        await this.#large(each, level, decide);
        continue;
      }
      if (bytes + length > BATCH_BYTES) await flush();
      batch.push(each);
      bytes += length;
    }
    await flush();
    return left;
  }

  async #batch(batch: readonly OpenRow[], level: typeof HEADER | typeof BODY, decide: (each: OpenRow) => void): Promise<void> {
    const octets = await this.#readAll(batch.map((each) => rangeOf(each, level)));
    for (const [i, each] of batch.entries()) {
      const bytes = octets[i];
      if (bytes === undefined || !this.#message.goTo(each.uid)) continue;
      this.#message.setRow(each.batch, each.index);
      if (level === HEADER) this.#message.setHeader(bytes);
      else this.#message.setBody(bytes, each.batch.headerSize[each.index] ?? 0);
      decide(each);
      if (this.#pace.isDue()) await this.#pace.rest();
    }
  }

  /** A body whose space has been freed is undefined: the message has been destroyed. */
  async #readAll(ranges: readonly BlobRange[]): Promise<readonly (Buffer | undefined)[]> {
    const { store } = this.#session;
    try {
      return await store.readBlobs(ranges);
    } catch (error) {
      if (!isExpunged(error)) throw error;
    }
    return Promise.all(
      ranges.map(async ({ blob, start, length }) => {
        try {
          return await store.readBlob(blob, start, length);
        } catch (error) {
          if (isExpunged(error)) return undefined;
          throw error;
        }
      }),
    );
  }

  async #large(each: OpenRow, level: typeof HEADER | typeof BODY, decide: (each: OpenRow) => void): Promise<void> {
    const { uid, batch, index } = each;
    const blob = (batch.blob[index] ?? 0) as BlobId;
    const read = (start: number, end: number): Promise<Buffer> => this.#session.store.readBlob(blob, start, end - start);
    try {
      const header = await read(0, Math.min(batch.headerSize[index] ?? 0, HEADER_BYTES));
      const found =
        level === HEADER
          ? undefined
          : await findInLarge(decodeStructure(batch.structure.at(index)), { read, needles: this.#needles, worker: largeTexts, pace: this.#pace });
      if (!this.#message.goTo(uid)) return;
      this.#message.setRow(batch, index);
      if (found === undefined) this.#message.setHeader(header);
      else this.#message.setFound(header, found);
      decide(each);
    } catch (error) {
      if (!isExpunged(error)) throw error;
    }
  }
}

/** The narrowest set of columns with which the search can begin. */
function columnsFor(criterion: Criterion, { level }: Plan): Columns {
  if (level > ROW) return 'search';
  const needsFields = some(criterion, ({ kind }) => kind === 'header' || kind === 'address' || kind === 'sent-date');
  if (!needsFields) return 'dates';
  return some(criterion, ({ kind }) => kind === 'thread-id' || kind === 'saved-date') ? 'search' : 'header';
}

/** A message that is not decided yet. */
interface OpenRow {
  readonly place: number;
  readonly uid: number;
  readonly batch: Batch;
  readonly index: number;
}

/** The header, or all that was accepted. */
function rangeOf({ batch, index }: OpenRow, level: typeof HEADER | typeof BODY): BlobRange {
  const { blob, size, headerSize, prefix } = batch;
  const prefixBytes = (prefix.starts[index + 1] ?? 0) - (prefix.starts[index] ?? 0);
  return { blob: (blob[index] ?? 0) as BlobId, start: 0, length: level === HEADER ? (headerSize[index] ?? 0) : (size[index] ?? 0) - prefixBytes };
}

function isExpunged(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'message-expunged';
}

function contextOf(session: Session, selected: Selected): SearchContext {
  const { view, keywords } = selected;
  return {
    nowMs: session.services.clock.nowMs(),
    keywordBit: (name) => {
      const bit = keywords.names.findIndex((each) => each?.toLowerCase() === name);
      return bit < 0 ? undefined : bit;
    },
    member: ({ kind, set }) => {
      const isUid = kind === 'uid';
      const ranges = normalizeRanges(set.ranges, isUid ? view.largestUid : view.length);
      const saved = set.hasSaved ? new Set(view.saved) : undefined;
      return (message: Candidate) => inRanges(ranges, isUid ? message.uid : message.sequence) || saved?.has(message.uid) === true;
    },
    isListingField,
  };
}

/** Whether a number is in ascending ranges. O(log n). */
function inRanges(ranges: readonly SequenceRange[], number: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.last ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.first ?? Number.POSITIVE_INFINITY) <= number;
}
