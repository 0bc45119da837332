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

/** The values of the fields of that name (lower case) in a header block (one character an octet), as octet strings: unfolded, without white space around them. An empty line ends the header. */
export function fieldValues(text: string, name: string): readonly string[] {
  const end = text.length;
  let values: string[] | undefined;
  for (let at = 0; at < end; ) {
    const first = text.charCodeAt(at);
    if (first === LF || (first === CR && text.charCodeAt(at + 1) === LF)) break;
    const valueStart = matches(text, at, end, name);
    at = nextLine(text, at);
    while (at < end && isBlank(text.charCodeAt(at))) at = nextLine(text, at);
    if (valueStart > 0) (values ??= []).push(unfold(text.slice(valueStart, at)));
  }
  return values ?? NONE;
}

const NONE: readonly string[] = [];

/** Where the value begins if the field at this line has the name; 0 if not. */
function matches(text: string, at: number, end: number, name: string): number {
  const { length } = name;
  if (at + length >= end) return 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(at + i);
    if ((code >= 0x41 && code <= 0x5a ? code + 0x20 : code) !== name.charCodeAt(i)) return 0;
  }
  let colon = at + length;
  while (colon < end && isBlank(text.charCodeAt(colon))) colon++;
  return text.charCodeAt(colon) === COLON && length > 0 ? colon + 1 : 0;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function nextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at + 1;
}
