/**
 * FETCH items that send octets of messages: read in batches of neighbours, written with their lengths known. Large messages are streamed in pieces
 * (large-content.ts); the first item that is no PEEK sets \Seen, durably, before its line is written.
 *
 * RFC 9051 §6.4.5, §7.5.2 · RFC 3516 §4 (BINARY) · RFC 3501 §6.4.5 (\Seen)
 */
import { asBuffer } from '#core/bytes.ts';
import { DomainError } from '#core/errors.ts';
import type { BlobId } from '#core/ids.ts';
import { decodeTransfer } from '#message/transfer.ts';
import { bit, hasFlag, SEEN } from '#store/flags.ts';
import { updateFlags } from '#store/update-flags.ts';
import type { Selected } from '../selected.ts';
import type { Batch } from '../rows/batch.ts';
import type { Rows } from '../rows/reader.ts';
import type { Session } from '../session.ts';
import { writeSet } from '../wire/sequence-set.ts';
import type { PreparedSection } from './run.ts';
import { LargeContentWriter } from './large-content.ts';
import type { Output } from './output.ts';
import type { Pace } from './pace.ts';
import type { FetchItems } from './request.ts';
import { bodyRange, type Content, type MessageParts, resolveSection } from './section.ts';
import { beginLine, endLine } from './table-lines.ts';
import type { Walker } from './walker.ts';

/** Octets read at once, and the size from which on a message is treated alone. */
const BATCH_BYTES = 1024 * 1024;

export interface BodyJob {
  readonly session: Session;
  readonly selected: Selected;
  readonly items: Readonly<FetchItems>;
  readonly sections: readonly PreparedSection[];
  readonly output: Output;
  readonly walker: Walker;
  readonly pace: Pace;
  /** Appends the items that come from the row; returns whether the next one needs a space. */
  writeItems(batch: Batch, index: number, needsSpace: boolean): boolean;
}

/** A message with what each section of the request is in it. */
interface Planned {
  readonly uid: number;
  readonly batch: Batch;
  readonly index: number;
  readonly parts: MessageParts;
  readonly contents: readonly Content[];
  /** Octets to read. */
  readonly bytes: number;
}

export class BodyWriter {
  readonly #job: BodyJob;
  readonly #setsSeen: boolean;
  readonly #large: LargeContentWriter;
  /** Some section could not be decoded: the command fails in the end (RFC 9051 §6.4.5). */
  isUndecodable = false;

  constructor(job: BodyJob) {
    this.#job = job;
    this.#large = new LargeContentWriter(job.session.store, job.output, job.pace);
    this.#setsSeen = !job.selected.readOnly && job.sections.some(({ item }) => item.setsSeen);
  }

  /** Writes the lines of these messages; returns how many of them no longer exist. */
  async write(uids: Uint32Array, rows: Rows): Promise<number> {
    let missing = 0;
    let batch: Planned[] = [];
    let bytes = 0;
    for (const uid of uids) {
      if (!rows.seek(uid)) {
        missing++;
        continue;
      }
      const planned = this.#plan(uid, rows);
      if (planned.contents.some(({ kind }) => kind === 'undecodable')) {
        this.isUndecodable = true;
        continue;
      }
      if (batch.length > 0 && bytes + planned.bytes > BATCH_BYTES) {
        missing += await this.#writeBatch(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(planned);
      bytes += planned.bytes;
    }
    if (batch.length > 0) missing += await this.#writeBatch(batch);
    return missing;
  }

  #plan(uid: number, { batch, index }: Rows): Planned {
    const parts = partsOf(batch, index);
    const contents = this.#job.sections.map((section) => resolveSection(section, parts));
    let bytes = 0;
    for (const content of contents) if ('length' in content) bytes += content.length;
    return { uid, batch, index, parts, contents, bytes };
  }

  async #writeBatch(batch: readonly Planned[]): Promise<number> {
    const { pace, output, session } = this.#job;
    await pace.rest(output);
    const [only] = batch;
    const isLarge = batch.length === 1 && only !== undefined && only.bytes > BATCH_BYTES;
    const ranges = isLarge ? [] : batch.flatMap(({ parts, contents }) => contents.flatMap((content) => bodyRange(parts, content)));
    try {
      if (isLarge) await this.#large.check(only.parts);
      const [bodies, seen] = await Promise.all([ranges.length === 0 ? [] : session.store.readBlobs(ranges), this.#setSeen(batch)]);
      let at = 0;
      for (const planned of batch) {
        const begun = this.#beginLine(planned, seen);
        let needsSpace = begun;
        for (const [i, content] of planned.contents.entries()) {
          if (needsSpace) output.byte(0x20);
          needsSpace = true;
          const hasRange = bodyRange(planned.parts, content).length > 0;
          if (isLarge) await this.#large.write(this.#sectionAt(i), planned.parts, content);
          else this.#writeContent(planned.parts, content, hasRange ? bodies[at++] : undefined, i);
        }
        endLine(output);
      }
      return 0;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'message-expunged') throw error;
      if (batch.length === 1) return 1;
      let missing = 0;
      for (const planned of batch) missing += await this.#writeBatch([planned]);
      return missing;
    }
  }

  #beginLine({ uid, batch, index }: Planned, seen: ReadonlySet<number>): boolean {
    const { walker, selected, session, items, output } = this.#job;
    walker.goTo(uid);
    // A flag that was set on the way is told with the message (RFC 3501 §6.4.5).
    const told = seen.has(uid) ? { ...items, flags: true, modseq: items.modseq || session.hasCondstore } : items;
    return this.#job.writeItems(batch, index, beginLine(output, told, selected.keywords.lists, walker));
  }

  /** Sets \Seen where it is not set and should be; returns the uids that have it now. A message is shown even if the store cannot take the flag at the moment. */
  async #setSeen(batch: readonly Planned[]): Promise<ReadonlySet<number>> {
    if (!this.#setsSeen) return NOBODY;
    const { session, selected } = this.#job;
    const { base, mailbox, view } = selected;
    const uids: number[] = [];
    for (const { uid } of batch) {
      const index = base.indexOf(uid);
      if (index >= 0 && !hasFlag(base.flags[index] ?? 0, SEEN)) uids.push(uid);
    }
    if (uids.length === 0) return NOBODY;
    try {
      const { modseq } = await session.store.commit(updateFlags, {
        account: session.account,
        mailbox,
        uids: writeSet(uids),
        change: { mode: 'add', flags: bit(SEEN), keywords: [] },
        nowMs: session.services.clock.nowMs(),
      });
      if (modseq !== undefined) view.acknowledge(modseq);
    } catch (error) {
      if (error instanceof DomainError && error.temporary) return NOBODY;
      throw error;
    }
    base.refresh();
    return new Set(uids);
  }

  #writeContent(parts: MessageParts, content: Content, body: Buffer | undefined, section: number): void {
    const { output } = this.#job;
    const { item, filter } = this.#sectionAt(section);
    output.text(item.label);
    output.byte(0x20);
    switch (content.kind) {
      case 'nil':
        output.text('NIL');
        return;
      case 'undecodable':
        return;
      case 'span': {
        const prefix = prefixOf(parts, content.start, content.length);
        if (content.length === 0) output.text('""');
        else {
          output.literalStart(content.length);
          if (prefix.length > 0) output.bytes(prefix);
          if (body !== undefined) output.bytes(body);
        }
        return;
      }
      case 'fields':
        filter?.writeBlocks(output, body === undefined ? [parts.prefix] : content.start < parts.prefix.length ? [parts.prefix, body] : [body], item.partial);
        return;
      case 'decoded': {
        const decoded = decodeTransfer(body ?? NOTHING, content.encoding);
        this.#writeDecoded(decoded, section);
        return;
      }
    }
  }

  #writeDecoded(decoded: Uint8Array, section: number): void {
    const { output } = this.#job;
    const { item } = this.#sectionAt(section);
    if (item.kind === 'binary-size') {
      output.number(decoded.length);
      return;
    }
    const cut = item.partial === undefined ? decoded : decoded.subarray(item.partial.offset, item.partial.offset + item.partial.length);
    // RFC 3516 §4.3: a literal8 only where there is NUL, so that clients without it can read the rest.
    output.literal(cut, asBuffer(cut).includes(0));
  }

  #sectionAt(index: number): PreparedSection {
    const section = this.#job.sections[index];
    if (section === undefined) throw new Error('a content without a section');
    return section;
  }
}

const NOBODY: ReadonlySet<number> = new Set();
const NOTHING = new Uint8Array(0);

function partsOf(batch: Batch, index: number): MessageParts {
  return {
    blob: (batch.blob[index] ?? 0) as BlobId,
    size: batch.size[index] ?? 0,
    headerSize: batch.headerSize[index] ?? 0,
    prefix: batch.prefix.at(index),
    structure: batch.structure.at(index),
  };
}

function prefixOf(parts: MessageParts, start: number, length: number): Uint8Array {
  return parts.prefix.subarray(start, start + length);
}
