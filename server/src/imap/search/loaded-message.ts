/**
 * The message that a search is looking at: one object for all of them, filled further and further as its criteria ask.
 *
 * RFC 9051 §6.4.4 (BODY, HEADER, TEXT)
 */
import { asBuffer } from '#core/bytes.ts';
import { parseDate } from '#message/date.ts';
import { decodeWords } from '#message/encoded-word.ts';
import { fold } from '#message/fold.ts';
import { LISTED_HEADER_BYTES, LISTING_FIELDS } from '#message/prepared.ts';
import { decodeStructure } from '#message/structure.ts';
import { searchableHeader, searchableText } from '#message/text.ts';
import { type Batch, EMPTY_BATCH, Octets } from '../rows/batch.ts';
import type { Selected } from '../selected.ts';
import { Walker } from '../fetch/walker.ts';
import { addressText, needsNormalizing } from './address-text.ts';
import { fieldValues } from './field-value.ts';
import { BODY, type Candidate, HEADER, type Level, ROW, TABLE } from './evaluate.ts';

const DAY_MS = 86_400_000;
const NOTHING = Buffer.alloc(0);
const NO_FIELDS = EMPTY_BATCH.fields;

export class LoadedMessage extends Walker implements Candidate {
  level: Level = TABLE;
  receivedAtMs = 0;
  savedAtMs = 0;
  thread = 0;
  hasAllListed = false;
  #sentAtMs = Number.NaN;
  #row: Batch = EMPTY_BATCH;
  #rowIndex = 0;
  /** In row `fieldsIndex`: the fields of the row, or the whole header, without the prefix. */
  #fields: Octets = NO_FIELDS;
  #fieldsIndex = 0;
  #fieldsText: string | undefined;
  #body: Uint8Array = NOTHING;
  /** Folded, made when first asked for. */
  #headerText: string | undefined;
  #bodyText: string | undefined;
  /** Of a large message: which needles its body contains. */
  #found: ReadonlySet<string> | undefined;

  constructor(selected: Selected) {
    super(selected);
  }

  override goTo(uid: number): boolean {
    this.level = TABLE;
    return super.goTo(uid);
  }

  /** From a row with the columns `dates` or `search`. */
  setRow(batch: Batch, index: number): void {
    this.level = ROW;
    this.receivedAtMs = batch.receivedAt[index] ?? 0;
    this.savedAtMs = batch.savedAt[index] ?? Number.NaN;
    this.thread = batch.thread[index] ?? 0;
    this.hasAllListed = (batch.headerSize[index] ?? 0) <= LISTED_HEADER_BYTES;
    this.#sentAtMs = batch.sentAt[index] ?? Number.NaN;
    this.#row = batch;
    this.#rowIndex = index;
    this.#setFields(batch.fields, index);
    this.#headerText = undefined;
    this.#bodyText = undefined;
    this.#found = undefined;
    this.#body = NOTHING;
  }

  /** The header of the body as it was accepted. */
  setHeader(header: Uint8Array): void {
    this.level = HEADER;
    this.#setFields(new Octets(asBuffer(header), Uint32Array.of(0, header.length)), 0);
  }

  /** The whole body with its header. */
  setBody(body: Uint8Array, headerSize: number): void {
    this.setHeader(body.subarray(0, headerSize));
    this.level = BODY;
    this.#body = body;
  }

  /** Instead of the body: what was found in it. */
  setFound(header: Uint8Array, found: ReadonlySet<string>): void {
    this.setHeader(header);
    this.level = BODY;
    this.#found = found;
  }

  sentDayMs(): number | undefined {
    if (Number.isNaN(this.#sentAtMs)) return undefined;
    const [written] = this.#values('date');
    return Math.floor((written === undefined ? this.#sentAtMs : (localTime(written) ?? this.#sentAtMs)) / DAY_MS) * DAY_MS;
  }

  field(name: string): string | undefined {
    let text: string | undefined;
    for (const value of fieldValues(this.#prefixText, name)) text = joined(text, value);
    for (const value of this.#values(name)) text = joined(text, value);
    return text;
  }

  addressesContain(name: string, needle: string): boolean {
    const holds = (value: string): boolean => needsNormalizing(value, needle) && fold(addressText(value)).includes(needle);
    return fieldValues(this.#prefixText, name).some(holds) || this.#values(name).some(holds);
  }

  headerContains(needle: string): boolean {
    this.#headerText ??= fold(`${searchableHeader(this.#row.prefix.at(this.#rowIndex))}\n${searchableHeader(this.#fields.at(this.#fieldsIndex))}`);
    return this.#headerText.includes(needle);
  }

  bodyContains(needle: string): boolean {
    if (this.#found !== undefined) return this.#found.has(needle);
    this.#bodyText ??= fold(searchableText(decodeStructure(this.#row.structure.at(this.#rowIndex)), this.#body));
    return this.#bodyText.includes(needle);
  }

  get #prefixText(): string {
    return this.#row.prefix.textAt(this.#rowIndex);
  }

  #setFields(fields: Octets, index: number): void {
    this.#fields = fields;
    this.#fieldsIndex = index;
    this.#fieldsText = undefined;
    this.#headerText = undefined;
  }

  #values(name: string): readonly string[] {
    this.#fieldsText ??= this.#fields.textAt(this.#fieldsIndex);
    return fieldValues(this.#fieldsText, name);
  }
}

export function isListingField(name: string): boolean {
  return LISTING_FIELDS.has(name);
}

function joined(text: string | undefined, value: string): string {
  const folded = fold(decodeWords(value));
  return text === undefined ? folded : `${text}\n${folded}`;
}

/** The date as it is written, as if its zone were UTC: SENTON and its kin disregard the zone (RFC 9051 §6.4.4). */
function localTime(date: string): number | undefined {
  return parseDate(date.replace(ZONE, ' +0000'));
}

const ZONE = /[ \t]+(?:[+-]\d{4}|[A-Za-z]{1,5})(?:[ \t]*\([^()]*\))?[ \t]*$/;
