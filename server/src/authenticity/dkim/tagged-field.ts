/** Fields whose value is a list of tags, and the octets under a signature that stands in one of them. RFC 6376 §3.7 */
import { type Canonicalization, relaxField, type SignableFields, withoutLineEnd } from './canonical-header.ts';
import { parseTagList, type TagList } from './tag-list.ts';

export interface TaggedField {
  /** Its number in the header. */
  readonly number: number;
  readonly raw: string;
  /** Undefined where the value is no such list. */
  readonly tags: TagList | undefined;
}

/** The fields of this name (lower case), the topmost first, at most `limit`. */
export function taggedFields(fields: SignableFields, name: string, limit: number): readonly TaggedField[] {
  return fields
    .numbersOf(name)
    .slice(0, limit)
    .map((number) => {
      const raw = fields.raw(number);
      return { number, raw, tags: parseTagList(raw.slice(raw.indexOf(':') + 1)) };
    });
}

/** The signature's own field, canonical, without the value of `b=` and the last CRLF. */
export function ownOctets({ raw, tags }: TaggedField, canonicalization: Canonicalization): string {
  const b = tags?.get('b');
  const valueStart = raw.indexOf(':') + 1;
  const stripped = b === undefined ? raw : raw.slice(0, valueStart + b.start) + raw.slice(valueStart + b.end);
  return withoutLineEnd(canonicalization === 'simple' ? stripped : relaxField(stripped));
}
