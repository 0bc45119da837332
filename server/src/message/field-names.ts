/**
 * The header fields that this room knows by number, so that indexing a header makes no string for a name.
 *
 * The number of a name is found by a hash taken while its bytes are read; the bytes are then compared, so that no other name can pass for it.
 */
import { LISTING_FIELDS } from './prepared.ts';

/** Fields with a meaning for MIME structure, beside those in LISTING_FIELDS. Lower case. */
const STRUCTURE_FIELDS = ['content-id', 'content-description', 'content-disposition', 'content-md5', 'content-language', 'content-location'] as const;

const HASH_FACTOR = 31;

const KNOWN_NAMES: readonly string[] = [...LISTING_FIELDS, ...STRUCTURE_FIELDS];

/** A name that is none of the known ones. */
export const UNKNOWN_FIELD = -1;

const idByName = new Map<string, number>(KNOWN_NAMES.map((name, id) => [name, id]));
const bytesById: readonly Uint8Array[] = KNOWN_NAMES.map((name) => Buffer.from(name, 'latin1'));
const idByHash = new Map<number, number>(bytesById.map((bytes, id) => [hashOf(bytes), id]));
if (idByHash.size !== KNOWN_NAMES.length) throw new Error('two known field names have the same hash: change HASH_FACTOR');

/** The number of a known name (lower case), or UNKNOWN_FIELD. */
export function fieldId(name: string): number {
  return idByName.get(name) ?? UNKNOWN_FIELD;
}

/** The name with this number. */
export function fieldName(id: number): string {
  return KNOWN_NAMES[id] ?? '';
}

/** Whether the raw lines of this field are kept in the message row. */
export function isListingField(id: number): boolean {
  return id >= 0 && id < LISTING_FIELDS.size;
}

/** The number of the name in bytes [start, end), case-insensitive; `hash` is what `addToHash` made of exactly these bytes. */
export function fieldIdOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
  const id = idByHash.get(hash);
  if (id === undefined) return UNKNOWN_FIELD;
  const name = bytesById[id] as Uint8Array;
  if (name.length !== end - start) return UNKNOWN_FIELD;
  // Known names consist of letters and '-': folding with 0x20 leaves '-' alone, and maps only CR (0x0d) on it, which cannot stand in a name.
  for (let i = 0; i < name.length; i++) if (((bytes[start + i] as number) | 0x20) !== name[i]) return UNKNOWN_FIELD;
  return id;
}

/** The hash of a name so far, and its next byte. */
export function addToHash(hash: number, byte: number): number {
  return (Math.imul(hash, HASH_FACTOR) + (byte | 0x20)) | 0;
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = addToHash(hash, byte);
  return hash;
}
