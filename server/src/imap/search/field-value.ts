/**
 * The values of one header field, found without indexing the others: a search looks at one or two fields of very many messages.
 *
 * RFC 5322 §2.2, §2.2.3 (folding), §4.5 (white space before the colon)
 */
import { unfold } from '#message/header.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/** A field's name, ready to be looked for. */
export type FieldName = Uint8Array;

/** `name` in lower case. */
export function fieldName(name: string): FieldName {
  return Buffer.from(name, 'utf8');
}

/** The values of the fields of that name in octets [start, end) of header lines, as octet strings: unfolded, without white space around them. An empty line ends the header. */
export function fieldValues(bytes: Buffer, start: number, end: number, name: FieldName): readonly string[] {
  let values: string[] | undefined;
  for (let at = start; at < end; ) {
    const first = bytes[at];
    if (first === LF || (first === CR && bytes[at + 1] === LF)) break;
    const valueStart = matches(bytes, at, end, name);
    at = nextLine(bytes, at, end);
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at = nextLine(bytes, at, end);
    if (valueStart > 0) (values ??= []).push(unfold(bytes.toString('latin1', valueStart, at)));
  }
  return values ?? NONE;
}

const NONE: readonly string[] = [];

/** Where the value begins if the field at this line has the name; 0 if not. */
function matches(bytes: Buffer, at: number, end: number, name: FieldName): number {
  const { length } = name;
  if (at + length >= end) return 0;
  for (let i = 0; i < length; i++) {
    const octet = bytes[at + i] ?? 0;
    if ((octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet) !== name[i]) return 0;
  }
  let colon = at + length;
  while (colon < end && (bytes[colon] === SPACE || bytes[colon] === TAB)) colon++;
  return bytes[colon] === COLON && length > 0 ? colon + 1 : 0;
}

function nextLine(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== LF) at++;
  return at < end ? at + 1 : end;
}
