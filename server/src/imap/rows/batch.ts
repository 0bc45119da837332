/**
 * Message rows of one slice, by column. The database hands over a whole slice as a few values (numbers as a list, octets of all rows one behind another):
 * a Buffer for each envelope would cost more than reading it.
 */
import { asBuffer } from '#core/bytes.ts';
import { countNumbers, parseNumbers } from '#store/number-list.ts';
import type { SqlValue } from '#store/sql.ts';

export type NumberColumn = 'uid' | 'receivedAt' | 'sentAt' | 'savedAt' | 'thread' | 'blob' | 'size' | 'headerSize';
export type OctetColumn = 'envelope' | 'bodyStructure' | 'prefix' | 'fields' | 'structure' | 'preview';

/** Values of a column; NaN for null. */
export type Numbers = Float64Array;

/** Octets of a column: those of row i are [starts[i], starts[i + 1]). */
export class Octets {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  #text: string | undefined;

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes;
    this.starts = starts;
  }

  /** The octets of one row as characters: short strings are searched faster than bytes. All rows are converted at once, with the first. */
  textAt(index: number): string {
    this.#text ??= this.bytes.toString('latin1');
    return this.#text.slice(this.starts[index], this.starts[index + 1]);
  }

  /** The octets of one row. */
  at(index: number): Buffer {
    return this.bytes.subarray(this.starts[index], this.starts[index + 1]);
  }
}

/** What was not read is empty. */
export type Batch = { readonly count: number } & Readonly<Record<NumberColumn, Numbers>> & Readonly<Record<OctetColumn, Octets>>;

/** Which columns a statement yields, in its order; for octets first their lengths, then they themselves. */
export interface Layout {
  readonly numbers: readonly NumberColumn[];
  readonly octets: readonly OctetColumn[];
}

const NO_NUMBERS = new Float64Array(0);
const NO_OCTETS = new Octets(Buffer.alloc(0), new Uint32Array(1));
export const EMPTY_BATCH: Batch = {
  count: 0,
  uid: NO_NUMBERS,
  receivedAt: NO_NUMBERS,
  sentAt: NO_NUMBERS,
  savedAt: NO_NUMBERS,
  thread: NO_NUMBERS,
  blob: NO_NUMBERS,
  size: NO_NUMBERS,
  headerSize: NO_NUMBERS,
  envelope: NO_OCTETS,
  bodyStructure: NO_OCTETS,
  prefix: NO_OCTETS,
  fields: NO_OCTETS,
  structure: NO_OCTETS,
  preview: NO_OCTETS,
};

/** Reads the one row of an aggregating statement (queries.ts). */
export function batchOf(row: readonly SqlValue[] | undefined, { numbers, octets }: Layout): Batch {
  const uids = row?.[0];
  if (row === undefined || typeof uids !== 'string') return EMPTY_BATCH;
  const count = countNumbers(uids);
  const batch: { -readonly [Key in keyof Batch]: Batch[Key] } = { ...EMPTY_BATCH, count };
  let place = 0;
  for (const column of numbers) batch[column] = parseNumbers(row[place++], count);
  for (const column of octets) {
    const lengths = parseNumbers(row[place++], count);
    const bytes = row[place++];
    const starts = new Uint32Array(count + 1);
    for (let i = 0; i < count; i++) starts[i + 1] = (starts[i] ?? 0) + (lengths[i] ?? 0);
    batch[column] = new Octets(bytes instanceof Uint8Array ? asBuffer(bytes) : NO_OCTETS.bytes, starts);
  }
  return batch;
}
