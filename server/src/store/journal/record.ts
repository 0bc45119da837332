/**
 * A record of the journal: what one group of the writer changes, in a form that can be done again. Bodies by their places, then the changing statements with their
 * values in the order in which they were run. Texts of statements are part of the record, so that it needs nothing but the database that it continues, whichever
 * version of the program reads it.
 *
 *     magic, CRC-32 of all that follows, octets of all that follows          3 times 4 octets
 *     sequence, cycle                                                        2 doubles
 *     bodies:      count, (blob: double, length, octets)...
 *     texts:       count, (length, UTF-8)...
 *     statements:  count, (text: 2 octets, values: 1 octet, (tag, value)...)...
 */
import { crc32 } from 'node:zlib';
import type { BlobId } from '#core/ids.ts';
import type { SqlValue, Statement } from '../sql.ts';

/** A small body that the journal keeps until its segment is synced. */
export interface JournalBody {
  readonly blob: BlobId;
  readonly bytes: Uint8Array;
}

export interface JournalStatement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

export interface JournalRecord {
  /** One more than that of the group before it. */
  readonly sequence: number;
  /** Grows with every change of file: of two records with one sequence the later cycle holds. */
  readonly cycle: number;
  readonly bodies: readonly JournalBody[];
  readonly statements: readonly JournalStatement[];
}

export interface RecordToWrite {
  readonly sequence: number;
  readonly cycle: number;
  readonly bodies: readonly JournalBody[];
  readonly statements: readonly Statement[];
}

const MAGIC = 0x314a5043;
const PREFIX_BYTES = 12;
const SUMMED_FROM = 8;
/** What of a record comes before its bodies: enough to make it unreadable. */
export const HEADER_BYTES: number = PREFIX_BYTES + 16;

const NULL = 0;
const NUMBER = 1;
const TEXT = 2;
const BYTES = 3;

/** What is kept of the memory between records. */
const KEPT_BYTES = 4 * 2 ** 20;

export class RecordWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #at = 0;
  readonly #texts = new Map<TemplateStringsArray, Buffer>();

  /** The octets of a record; they are good until the next call. */
  write({ sequence, cycle, bodies, statements }: RecordToWrite): Buffer {
    this.#at = PREFIX_BYTES;
    this.#double(sequence);
    this.#double(cycle);
    this.#word(bodies.length);
    for (const { blob, bytes } of bodies) {
      this.#double(blob);
      this.#octets(bytes);
    }
    const numbers = new Map<TemplateStringsArray, number>();
    for (const { strings } of statements) if (!numbers.has(strings)) numbers.set(strings, numbers.size);
    this.#word(numbers.size);
    for (const strings of numbers.keys()) this.#octets(this.#text(strings));
    this.#word(statements.length);
    for (const { strings, values } of statements) {
      this.#room(3);
      this.#at = this.#buffer.writeUInt16LE(numbers.get(strings) ?? 0, this.#at);
      this.#at = this.#buffer.writeUInt8(values.length, this.#at);
      for (const value of values) this.#value(value);
    }
    const record = this.#buffer.subarray(0, this.#at);
    record.writeUInt32LE(MAGIC, 0);
    record.writeUInt32LE(this.#at - PREFIX_BYTES, 8);
    record.writeUInt32LE(crc32(record.subarray(SUMMED_FROM)), 4);
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
    return record;
  }

  #text(strings: TemplateStringsArray): Buffer {
    let text = this.#texts.get(strings);
    if (text === undefined) {
      text = Buffer.from(strings.join('?'));
      this.#texts.set(strings, text);
    }
    return text;
  }

  #value(value: SqlValue): void {
    if (value === null) {
      this.#room(1);
      this.#buffer[this.#at++] = NULL;
    } else if (typeof value === 'number') {
      this.#room(9);
      this.#buffer[this.#at++] = NUMBER;
      this.#at = this.#buffer.writeDoubleLE(value, this.#at);
    } else if (typeof value === 'string') {
      this.#room(5 + 3 * value.length);
      this.#buffer[this.#at++] = TEXT;
      const length = this.#buffer.write(value, this.#at + 4);
      this.#buffer.writeUInt32LE(length, this.#at);
      this.#at += 4 + length;
    } else {
      this.#room(1);
      this.#buffer[this.#at++] = BYTES;
      this.#octets(value);
    }
  }

  #double(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  #word(value: number): void {
    this.#room(4);
    this.#at = this.#buffer.writeUInt32LE(value, this.#at);
  }

  #octets(bytes: Uint8Array): void {
    this.#word(bytes.length);
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** The records that a file begins with, each following the one before it. What comes behind them is older, or was never finished. */
export function readRecords(file: Buffer): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let at = 0; ; ) {
    const found = recordAt(file, at);
    const last = records[records.length - 1];
    if (found === undefined || (last !== undefined && (found.record.sequence !== last.sequence + 1 || found.record.cycle !== last.cycle))) return records;
    records.push(found.record);
    at = found.end;
  }
}

function recordAt(file: Buffer, at: number): { readonly record: JournalRecord; readonly end: number } | undefined {
  if (at + HEADER_BYTES > file.length || file.readUInt32LE(at) !== MAGIC) return undefined;
  const end = at + PREFIX_BYTES + file.readUInt32LE(at + 8);
  if (end < at + HEADER_BYTES || end > file.length) return undefined;
  if (crc32(file.subarray(at + SUMMED_FROM, end)) !== file.readUInt32LE(at + 4)) return undefined;
  // The sum is right, so this was written whole by a RecordWriter.
  return { record: new RecordReader(file.subarray(at + PREFIX_BYTES, end)).read(), end };
}

class RecordReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  read(): JournalRecord {
    const sequence = this.#double();
    const cycle = this.#double();
    const bodies = this.#list(() => ({ blob: this.#double() as BlobId, bytes: this.#octets() }));
    const texts = this.#list(() => this.#octets().toString());
    const statements = this.#list(() => {
      const number = this.#buffer.readUInt16LE(this.#at);
      const count = this.#buffer.readUInt8(this.#at + 2);
      this.#at += 3;
      return { text: texts[number] ?? '', values: Array.from({ length: count }, () => this.#value()) };
    });
    return { sequence, cycle, bodies, statements };
  }

  #list<T>(each: () => T): T[] {
    return Array.from({ length: this.#word() }, each);
  }

  #value(): SqlValue {
    const tag = this.#buffer[this.#at++];
    switch (tag) {
      case NULL:
        return null;
      case NUMBER:
        return this.#double();
      case TEXT:
        return this.#octets().toString();
      case BYTES:
        return this.#octets();
      default:
        throw new Error(`the journal has a value of the unknown kind ${tag}`);
    }
  }

  #double(): number {
    this.#at += 8;
    return this.#buffer.readDoubleLE(this.#at - 8);
  }

  #word(): number {
    this.#at += 4;
    return this.#buffer.readUInt32LE(this.#at - 4);
  }

  #octets(): Buffer {
    const length = this.#word();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }
}
