/**
 * Carries out a FETCH in slices: lines straight from the mailbox table where that is all, else with message rows read by ranges of uids, else with bodies
 * (bodies.ts). Messages that other sessions have expunged are still served until the client has been told.
 *
 * RFC 9051 §6.4.5, §7.5.2 · RFC 2180 §4.1.2
 */
import { objectId, type ThreadId } from '#core/ids.ts';
import { LISTED_HEADER_BYTES } from '#message/prepared.ts';
import { ImapError } from '../command.ts';
import type { Batch } from '../rows/batch.ts';
import type { Columns } from '../rows/queries.ts';
import { readRows, type Rows } from '../rows/reader.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { quoted, quotedUtf8 } from '../wire/write.ts';
import { type BodyJob, BodyWriter } from './bodies.ts';
import { FieldFilter } from './header-fields.ts';
import { writeInternalDate } from './internal-date.ts';
import { Output } from './output.ts';
import { Pace } from './pace.ts';
import { plainBody } from './plain-body.ts';
import type { FetchItems, FetchRequest, SectionItem } from './request.ts';
import { beginLine, endLine } from './table-lines.ts';
import { Walker } from './walker.ts';

/** Messages between two looks at the clock, when nothing is read. */
const TABLE_SLICE = 512;
/** Rows read at once. */
const ROW_SLICE = 256;

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
    const isStructure = body || bodyStructure;
    this.#columns = columnsFor({ envelope, isStructure, fields, bodies: this.#readsBodies, rest: threadId || saveDate || preview });
    this.#readsRows = internalDate || envelope || this.#columns !== 'list';
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
      if (this.#pace.isDue(this.#output)) await this.#pace.rest(this.#output);
      const slice = uids.subarray(from, from + ROW_SLICE);
      const rows = await readRows(this.#session, this.#selected, slice, this.#columns);
      if (bodies !== undefined && this.#readsBodies) this.#missing += await bodies.write(slice, rows);
      else if (bodies !== undefined && rows.some(hasLongHeader)) this.#missing += await bodies.write(slice, await this.#withPlaces(slice, rows));
      else this.#writeRows(slice, rows);
    }
    if (bodies?.isUndecodable === true) {
      this.#output.handOver();
      throw new ImapError('NO', 'A part has an unknown transfer encoding', 'UNKNOWN-CTE');
    }
  }

  /** Rows from which bodies can be read, for messages whose header fields the row may not hold. */
  async #withPlaces(uids: Uint32Array, rows: Rows): Promise<Rows> {
    return this.#columns === 'fields' ? readRows(this.#session, this.#selected, uids, 'body') : rows;
  }

  #job(): BodyJob {
    return {
      session: this.#session,
      selected: this.#selected,
      items: this.#items,
      sections: this.#sections,
      output: this.#output,
      walker: this.#walker,
      pace: this.#pace,
      writeItems: (batch, index, needsSpace) => this.#rowItems(batch, index, needsSpace),
    };
  }

  #writeRows(uids: Uint32Array, rows: Rows): void {
    const output = this.#output;
    const walker = this.#walker;
    const { lists } = this.#selected.keywords;
    for (const uid of uids) {
      if (!rows.seek(uid)) {
        this.#missing++;
        continue;
      }
      if (!walker.goTo(uid)) continue;
      const { batch, index } = rows;
      let needsSpace = this.#rowItems(batch, index, beginLine(output, this.#items, lists, walker));
      for (const { item, filter } of this.#sections) {
        if (filter === undefined) continue;
        if (needsSpace) output.byte(0x20);
        needsSpace = true;
        output.text(item.label);
        output.byte(0x20);
        filter.write(output, batch, index, item.partial);
      }
      endLine(output);
    }
  }

  /** Appends the items that come from the row; returns whether the next one needs a space. */
  #rowItems(batch: Batch, index: number, needsSpace: boolean): boolean {
    const output = this.#output;
    const items = this.#items;
    let isBehind = needsSpace;
    const begin = (name: string): void => {
      if (isBehind) output.byte(0x20);
      output.text(name);
      isBehind = true;
    };
    if (items.internalDate) {
      begin('INTERNALDATE ');
      writeInternalDate(output, batch.receivedAt[index] ?? 0);
    }
    if (items.saveDate) {
      begin('SAVEDATE ');
      const savedAt = batch.savedAt[index] ?? Number.NaN;
      if (Number.isNaN(savedAt)) output.text('NIL');
      else writeInternalDate(output, savedAt);
    }
    if (items.threadId) begin(`THREADID (${objectId('thread', (batch.thread[index] ?? 0) as ThreadId)})`);
    if (items.preview) {
      begin('PREVIEW ');
      const preview = batch.preview.at(index).toString();
      output.text(this.#session.isUtf8 ? quotedUtf8(preview) : quoted(preview));
    }
    if (items.envelope) {
      begin('ENVELOPE ');
      output.slice(batch.envelope, index);
    }
    if (items.body) {
      begin('BODY ');
      output.bytes(plainBody(batch.bodyStructure.at(index)));
    }
    if (items.bodyStructure) {
      begin('BODYSTRUCTURE ');
      output.slice(batch.bodyStructure, index);
    }
    return isBehind;
  }
}

interface Needs {
  readonly envelope: boolean;
  readonly isStructure: boolean;
  /** Header fields that the row holds. */
  readonly fields: boolean;
  /** Octets of the message. */
  readonly bodies: boolean;
  /** Thread, save date, preview. */
  readonly rest: boolean;
}

/** The narrowest set of columns that has what is needed. */
function columnsFor({ envelope, isStructure, fields, bodies, rest }: Needs): Columns {
  const isList = envelope || isStructure;
  if (rest || (isList && (fields || bodies)) || (fields && bodies)) return 'all';
  if (bodies) return 'body';
  if (fields) return 'fields';
  if (isStructure) return envelope ? 'listAndStructure' : 'structure';
  return 'list';
}

/** Whether the row may not hold all listing fields of the message. */
function hasLongHeader(batch: Batch, index: number): boolean {
  return (batch.headerSize[index] ?? 0) > LISTED_HEADER_BYTES;
}

function prepareSection(item: SectionItem): PreparedSection {
  const { text, fields, part } = item.section;
  const filter = text === 'header-fields' || text === 'header-fields-not' ? new FieldFilter(fields, text === 'header-fields-not') : undefined;
  return { item, filter, isListing: filter !== undefined && filter.isListing && part.length === 0 };
}
