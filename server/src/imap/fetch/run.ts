/**
 * Carries out a FETCH in slices: lines straight from the mailbox table where that is all, else with message rows read by ranges of uids, else with bodies
 * (bodies.ts). Messages that other sessions have expunged are still served until the client has been told.
 *
 * RFC 9051 §6.4.5, §7.5.2 · RFC 2180 §4.1.2
 */
import { objectId, type ThreadId } from '#core/ids.ts';
import { ImapError } from '../command.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { quoted, quotedUtf8 } from '../wire/write.ts';
import { type BodyJob, BodyWriter } from './bodies.ts';
import { FieldFilter } from './header-fields.ts';
import { writeInternalDate } from './internal-date.ts';
import { liveRanges } from './live-ranges.ts';
import { Output } from './output.ts';
import { Pace } from './pace.ts';
import { plainBody } from './plain-body.ts';
import type { FetchItems, FetchRequest, SectionItem } from './request.ts';
import { type Columns, columnsFor, type MessageRow, narrow, rowOfGone, rowsOfUids } from './rows.ts';
import { beginLine, endLine } from './table-lines.ts';
import { Walker } from './walker.ts';

/** Messages between two looks at the clock, when nothing is read. */
const TABLE_SLICE = 512;
/** Rows read at once. */
const ROW_SLICE = 256;
/** Header fields are taken from the row where the whole header is smaller than this: beyond it the row may not hold all (message/prepare.ts). */
export const LISTED_HEADER_BYTES: number = 32 * 1024;

const NOTHING = new Uint8Array(0);

/** A section with what is worked out once for all messages. */
export interface PreparedSection {
  readonly item: SectionItem;
  readonly filter: FieldFilter | undefined;
  /** Can be answered from the row where the header is small. */
  readonly isListing: boolean;
}

/**
 * Writes the FETCH replies for these uids (ascending). Returns how many of the messages no longer exist anywhere. Throws NO [UNKNOWN-CTE], after all other
 * messages, when a BINARY item could not be decoded (RFC 9051 §6.4.5).
 */
export async function runFetch(session: Session, selected: Selected, request: FetchRequest, uids: Uint32Array): Promise<number> {
  return new FetchRun(session, selected, request).run(uids);
}

class FetchRun {
  readonly #session: Session;
  readonly #selected: Selected;
  readonly #items: Readonly<FetchItems>;
  readonly #sections: readonly PreparedSection[];
  readonly #output: Output;
  readonly #walker: Walker;
  readonly #pace = new Pace();
  readonly #columns: Columns;
  readonly #readsRows: boolean;
  readonly #readsBodies: boolean;
  #missing = 0;

  constructor(session: Session, selected: Selected, request: FetchRequest) {
    this.#session = session;
    this.#selected = selected;
    this.#items = request.items;
    this.#sections = request.sections.map(prepareSection);
    this.#output = new Output(session.writer);
    this.#walker = new Walker(selected);
    const { envelope, body, bodyStructure, threadId, saveDate, preview, internalDate } = request.items;
    const fields = this.#sections.some(({ isListing }) => isListing);
    this.#readsBodies = this.#sections.some(({ isListing }) => !isListing);
    this.#columns = columnsFor({ envelope, bodyStructure: body || bodyStructure, fields, body: this.#readsBodies, rest: threadId || saveDate || preview });
    this.#readsRows = internalDate || this.#columns.name !== 'list' || envelope;
  }

  async run(uids: Uint32Array): Promise<number> {
    if (this.#readsRows) await this.#withRows(uids);
    else await this.#fromTable(uids);
    this.#output.handOver();
    return this.#missing;
  }

  async #fromTable(uids: Uint32Array): Promise<void> {
    const output = this.#output;
    const walker = this.#walker;
    const items = this.#items;
    for (let from = 0; from < uids.length; from += TABLE_SLICE) {
      if (this.#pace.isDue(output)) await this.#pace.rest(output);
      const { lists } = this.#selected.keywords;
      const to = Math.min(from + TABLE_SLICE, uids.length);
      for (let i = from; i < to; i++) {
        if (!walker.goTo(uids[i] ?? 0)) continue;
        beginLine(output, items, lists, walker);
        endLine(output);
      }
    }
  }

  async #withRows(uids: Uint32Array): Promise<void> {
    const bodies = this.#sections.length === 0 ? undefined : new BodyWriter(this.#job());
    for (let from = 0; from < uids.length; from += ROW_SLICE) {
      await this.#pace.rest(this.#output);
      const rows = await this.#read(uids.subarray(from, from + ROW_SLICE));
      if (bodies !== undefined && (this.#readsBodies || rows.some((row) => this.#isLongHeader(row)))) this.#missing += await bodies.write(rows);
      else this.#writeRows(rows);
    }
    if (bodies?.isUndecodable === true) {
      this.#output.handOver();
      throw new ImapError('NO', 'A part has an unknown transfer encoding', 'UNKNOWN-CTE');
    }
  }

  #job(): BodyJob {
    return {
      session: this.#session,
      selected: this.#selected,
      items: this.#items,
      sections: this.#sections,
      columns: this.#columns,
      output: this.#output,
      walker: this.#walker,
      pace: this.#pace,
      writeItems: (row, needsSpace) => this.#rowItems(row, needsSpace),
    };
  }

  #isLongHeader(row: MessageRow): boolean {
    return Number(row[this.#columns.headerSize]) > LISTED_HEADER_BYTES;
  }

  /** The rows of these uids, in their order; those of messages that no longer exist are left out and counted. */
  async #read(uids: Uint32Array): Promise<readonly MessageRow[]> {
    const { store } = this.#session;
    const { mailbox, base } = this.#selected;
    const ranges = liveRanges(uids, base);
    const found = ranges.length === 0 ? [] : await store.query(rowsOfUids(mailbox, ranges, this.#columns));
    if (found.length === uids.length && found[0]?.[0] === uids[0] && found.every((row, i) => row[0] === uids[i])) return found;
    const rows: MessageRow[] = [];
    let at = 0;
    for (const uid of uids) {
      while (at < found.length && Number(found[at]?.[0]) < uid) at++;
      const row = found[at];
      if (row !== undefined && row[0] === uid) {
        rows.push(row);
        continue;
      }
      const gone = await this.#readGone(uid);
      if (gone === undefined) this.#missing++;
      else rows.push(gone);
    }
    return rows;
  }

  async #readGone(uid: number): Promise<MessageRow | undefined> {
    // It may have left between the look at the table and the query.
    if (this.#selected.view.indexOf(uid) >= 0) this.#session.refresh();
    const gone = this.#selected.view.goneMessage(uid);
    const row = gone === undefined ? undefined : await this.#session.store.query(rowOfGone(uid, gone.email));
    return row === undefined ? undefined : narrow(row, this.#columns);
  }

  #writeRows(rows: readonly MessageRow[]): void {
    const output = this.#output;
    const walker = this.#walker;
    const { lists } = this.#selected.keywords;
    for (const row of rows) {
      if (!walker.goTo(Number(row[0]))) continue;
      const hasItems = this.#rowItems(row, beginLine(output, this.#items, lists, walker));
      let needsSpace = hasItems;
      for (const { item, filter } of this.#sections) {
        if (filter === undefined) continue;
        if (needsSpace) output.byte(0x20);
        needsSpace = true;
        output.text(item.label);
        output.byte(0x20);
        filter.write(output, [bytesAt(row, this.#columns.prefix), bytesAt(row, this.#columns.fields)], item.partial);
      }
      endLine(output);
    }
  }

  /** Appends the items that come from the row; returns whether the next one needs a space. */
  #rowItems(row: MessageRow, needsSpace: boolean): boolean {
    const output = this.#output;
    const items = this.#items;
    const columns = this.#columns;
    let isBehind = needsSpace;
    const begin = (name: string): void => {
      output.text(isBehind ? ` ${name} ` : `${name} `);
      isBehind = true;
    };
    if (items.internalDate) {
      begin('INTERNALDATE');
      writeInternalDate(output, Number(row[1]));
    }
    if (items.saveDate) {
      begin('SAVEDATE');
      const savedAt = row[columns.savedAt];
      if (typeof savedAt === 'number') writeInternalDate(output, savedAt);
      else output.text('NIL');
    }
    if (items.threadId) {
      begin('THREADID');
      output.text(`(${objectId('thread', Number(row[columns.thread]) as ThreadId)})`);
    }
    if (items.preview) {
      begin('PREVIEW');
      const preview = String(row[columns.preview] ?? '');
      output.text(this.#session.isUtf8 ? quotedUtf8(preview) : quoted(preview));
    }
    if (items.envelope) {
      begin('ENVELOPE');
      output.bytes(bytesAt(row, columns.envelope));
    }
    if (items.body) {
      begin('BODY');
      output.bytes(plainBody(bytesAt(row, columns.bodyStructure)));
    }
    if (items.bodyStructure) {
      begin('BODYSTRUCTURE');
      output.bytes(bytesAt(row, columns.bodyStructure));
    }
    return isBehind;
  }
}

function prepareSection(item: SectionItem): PreparedSection {
  const { text, fields, part } = item.section;
  const filter = text === 'header-fields' || text === 'header-fields-not' ? new FieldFilter(fields, text === 'header-fields-not') : undefined;
  return { item, filter, isListing: filter !== undefined && filter.isListing && part.length === 0 };
}

function bytesAt(row: MessageRow, place: number): Uint8Array {
  const value = row[place];
  return value instanceof Uint8Array ? value : NOTHING;
}
