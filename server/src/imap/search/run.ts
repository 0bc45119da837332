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
import { liveRanges } from '../fetch/live-ranges.ts';
import { Pace } from '../fetch/pace.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { normalizeRanges, type SequenceRange } from '../wire/sequence-set.ts';
import { type Criterion, some } from './criterion.ts';
import { BODY, type Candidate, compile, HEADER, type Plan, ROW, type SearchContext, TABLE, UNKNOWN, YES } from './evaluate.ts';
import { findInLarge } from './large-text.ts';
import { isListingField, LoadedMessage } from './loaded-message.ts';
import { type SearchColumns, type SearchRow, searchRowOfGone, searchRows } from './rows.ts';

const TABLE_SLICE = 4096;
const ROW_SLICE = 256;
/** Octets of headers and bodies held at one time. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** A message above this is searched part by part. */
const LARGE_BYTES = 1024 * 1024;

/** The uids that satisfy the criterion, ascending. */
export async function runSearch(session: Session, selected: Selected, criterion: Criterion): Promise<Uint32Array> {
  return new SearchRun(session, selected, criterion).run();
}

class SearchRun {
  readonly #session: Session;
  readonly #selected: Selected;
  readonly #criterion: Criterion;
  readonly #plan: Plan;
  readonly #message: LoadedMessage;
  readonly #pace = new Pace();
  readonly #columns: SearchColumns;
  /** What is looked for in bodies. */
  readonly #needles: ReadonlySet<string>;

  constructor(session: Session, selected: Selected, criterion: Criterion) {
    this.#session = session;
    this.#selected = selected;
    this.#criterion = criterion;
    this.#plan = compile(criterion, contextOf(session, selected));
    this.#message = new LoadedMessage(selected);
    const needsFields = some(criterion, ({ kind }) => kind === 'header' || kind === 'sent-date');
    this.#columns = this.#plan.level > ROW ? 'all' : needsFields ? 'fields' : 'dates';
    const needles = new Set<string>();
    some(criterion, (each) => {
      if (each.kind === 'body' || each.kind === 'text') needles.add(each.needle);
      return false;
    });
    this.#needles = needles;
  }

  async run(): Promise<Uint32Array> {
    const uids = this.#candidates();
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

  /** All messages, or those of a set that must hold anyway. */
  #candidates(): Uint32Array {
    const { view } = this.#selected;
    const top = this.#criterion.kind === 'and' ? this.#criterion.of : [this.#criterion];
    for (const each of top) {
      if (each.kind === 'uid' || each.kind === 'sequence') return view.uidsOf(each.set, each.kind === 'uid' ? 'uid' : 'seq', { isLenient: true });
    }
    return view.uids.slice(0, view.length);
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

  async #withRows(uids: Uint32Array, places: Uint32Array, isHit: Uint8Array): Promise<void> {
    const wanted = places.map((place) => uids[place] ?? 0);
    const rows = await this.#read(wanted);
    const open: OpenRow[] = [];
    for (const [i, place] of places.entries()) {
      const row = rows[i];
      if (row === undefined || !this.#message.goTo(wanted[i] ?? 0)) continue;
      this.#message.setRow(row);
      const answer = this.#plan.test(this.#message);
      if (answer === YES) isHit[place] = 1;
      else if (answer === UNKNOWN) open.push({ place, row });
    }
    if (open.length === 0) return;
    const left = this.#plan.usesHeader || this.#plan.level < BODY ? await this.#withOctets(await this.#complete(open), HEADER, isHit) : open;
    if (left.length > 0) await this.#withOctets(left, BODY, isHit);
  }

  /** The rows of these uids, in their places; undefined for messages that no longer exist. */
  async #read(uids: Uint32Array, columns: SearchColumns = this.#columns): Promise<readonly (SearchRow | undefined)[]> {
    const { store } = this.#session;
    const { mailbox, base, view } = this.#selected;
    const ranges = liveRanges(uids, base);
    const found = ranges.length === 0 ? [] : await store.query(searchRows(mailbox, ranges, columns));
    const rows: (SearchRow | undefined)[] = [];
    let at = 0;
    for (const uid of uids) {
      while (at < found.length && (found[at]?.[0] ?? 0) < uid) at++;
      const row = found[at];
      if (row?.[0] === uid) {
        rows.push(row);
        continue;
      }
      if (view.indexOf(uid) >= 0) this.#session.refresh();
      const gone = view.goneMessage(uid);
      rows.push(gone === undefined ? undefined : await store.query(searchRowOfGone(uid, gone.email)));
    }
    return rows;
  }

  /** Messages whose header is too long for the row, in a search that had no need of more columns so far. */
  async #complete(open: readonly OpenRow[]): Promise<readonly OpenRow[]> {
    if (this.#columns === 'all') return open;
    const rows = await this.#read(
      Uint32Array.from(open, ({ row }) => row[0]),
      'all',
    );
    return open.flatMap(({ place }, i) => {
      const row = rows[i];
      return row === undefined ? [] : [{ place, row }];
    });
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
      const length = rangeOf(each.row, level).length;
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
    const octets = await this.#readAll(batch.map(({ row }) => rangeOf(row, level)));
    for (const [i, each] of batch.entries()) {
      const bytes = octets[i];
      if (bytes === undefined || !this.#message.goTo(each.row[0])) continue;
      this.#message.setRow(each.row);
      if (level === HEADER) this.#message.setHeader(bytes);
      else this.#message.setBody(bytes, each.row[5]);
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
    const { row } = each;
    const blob = row[8] as BlobId;
    const read = (start: number, end: number): Promise<Buffer> => this.#session.store.readBlob(blob, start, end - start);
    try {
      const header = await read(0, Math.min(row[5], LARGE_BYTES));
      const found = level === HEADER ? undefined : await findInLarge(decodeStructure(row[10] ?? new Uint8Array(0)), read, this.#needles, this.#pace);
      if (!this.#message.goTo(row[0])) return;
      this.#message.setRow(row);
      if (found === undefined) this.#message.setHeader(header);
      else this.#message.setFound(header, found);
      decide(each);
    } catch (error) {
      if (!isExpunged(error)) throw error;
    }
  }
}

/** A message that is not decided yet. */
interface OpenRow {
  readonly place: number;
  readonly row: SearchRow;
}

/** The header, or all that was accepted. */
function rangeOf(row: SearchRow, level: typeof HEADER | typeof BODY): BlobRange {
  return { blob: row[8] as BlobId, start: 0, length: level === HEADER ? row[5] : row[9] - (row[6]?.length ?? 0) };
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
