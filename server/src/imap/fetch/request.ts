/**
 * What a FETCH asks for, as parsed.
 *
 * RFC 9051 §6.4.5, §9 · RFC 3501 §6.4.5 · RFC 7162 §3.1.4.1 (CHANGEDSINCE), §3.2.6 (VANISHED) · RFC 3516 (BINARY) · RFC 8474 §5 · RFC 8514 · RFC 8970
 */
import type { Modseq } from '#core/ids.ts';
import { ImapError } from '../command.ts';
import type { Cursor } from '../wire/cursor.ts';
import { quotedUtf8 } from '../wire/write.ts';

/** What of a message or part a section names. RFC 9051 §6.4.5.1 */
export type SectionText = 'all' | 'header' | 'header-fields' | 'header-fields-not' | 'text' | 'mime';

export interface Section {
  /** Part numbers; empty for the message itself. */
  readonly part: readonly number[];
  readonly text: SectionText;
  /** Names as the client wrote them, for the two `header-fields` forms; else empty. */
  readonly fields: readonly string[];
}

/** An item that sends octets of a message (or their number). */
export interface SectionItem {
  readonly kind: 'body' | 'binary' | 'binary-size';
  readonly section: Section;
  readonly setsSeen: boolean;
  readonly partial: { readonly offset: number; readonly length: number } | undefined;
  /** How the reply names it: `BODY[1.MIME]<0>`. */
  readonly label: string;
}

/** Items without arguments, in the order of the reply. */
export interface FetchItems {
  uid: boolean;
  flags: boolean;
  modseq: boolean;
  size: boolean;
  emailId: boolean;
  internalDate: boolean;
  saveDate: boolean;
  threadId: boolean;
  preview: boolean;
  envelope: boolean;
  body: boolean;
  bodyStructure: boolean;
}

export interface FetchRequest {
  readonly items: Readonly<FetchItems>;
  readonly sections: readonly SectionItem[];
  readonly changedSince: Modseq | undefined;
  readonly vanished: boolean;
}

/** Items of one command, and numbers in one section. */
const ITEM_LIMIT = 256;
const PART_DEPTH_LIMIT = 64;
const FIELD_LIMIT = 512;

const SIMPLE: ReadonlyMap<string, keyof FetchItems> = new Map<string, keyof FetchItems>([
  ['UID', 'uid'],
  ['FLAGS', 'flags'],
  ['MODSEQ', 'modseq'],
  ['RFC822.SIZE', 'size'],
  ['EMAILID', 'emailId'],
  ['INTERNALDATE', 'internalDate'],
  ['SAVEDATE', 'saveDate'],
  ['THREADID', 'threadId'],
  ['PREVIEW', 'preview'],
  ['ENVELOPE', 'envelope'],
  ['BODYSTRUCTURE', 'bodyStructure'],
]);

const MACROS: ReadonlyMap<string, readonly (keyof FetchItems)[]> = new Map<string, readonly (keyof FetchItems)[]>([
  ['FAST', ['flags', 'internalDate', 'size']],
  ['ALL', ['flags', 'internalDate', 'size', 'envelope']],
  ['FULL', ['flags', 'internalDate', 'size', 'envelope', 'body']],
]);

/** RFC 3501's names for whole messages; still in use though RFC 9051 has dropped them. */
const RFC822: ReadonlyMap<string, { readonly text: SectionText; readonly setsSeen: boolean }> = new Map<
  string,
  { readonly text: SectionText; readonly setsSeen: boolean }
>([
  ['RFC822', { text: 'all', setsSeen: true }],
  ['RFC822.HEADER', { text: 'header', setsSeen: false }],
  ['RFC822.TEXT', { text: 'text', setsSeen: true }],
]);

/** Reads what follows the sequence set, up to the end of the command. */
export function parseFetchRequest(cursor: Cursor): FetchRequest {
  const items = noItems();
  const sections: SectionItem[] = [];
  if (cursor.isNext('(')) {
    let count = 0;
    let word = '';
    cursor.list(() => {
      if (++count > ITEM_LIMIT) throw new ImapError('BAD', 'Too many items');
      // RFC 8970 §3.2: PREVIEW (LAZY) leaves the preview out where it would take time; here it never does.
      if (word === 'PREVIEW' && cursor.isNext('(')) cursor.list(() => parseLazy(cursor.word()));
      else {
        word = cursor.wordUntil('[]()');
        parseItem(cursor, word, items, sections);
      }
    });
  } else {
    const word = cursor.wordUntil('[]()');
    const macro = MACROS.get(word);
    if (macro !== undefined) for (const item of macro) items[item] = true;
    else parseItem(cursor, word, items, sections);
  }
  const { changedSince, vanished } = parseModifiers(cursor);
  cursor.end();
  // CHANGEDSINCE implies MODSEQ (RFC 7162 §3.1.4.1).
  if (changedSince !== undefined) items.modseq = true;
  return { items, sections, changedSince, vanished };
}

export function noItems(): FetchItems {
  return {
    uid: false,
    flags: false,
    modseq: false,
    size: false,
    emailId: false,
    internalDate: false,
    saveDate: false,
    threadId: false,
    preview: false,
    envelope: false,
    body: false,
    bodyStructure: false,
  };
}

function parseItem(cursor: Cursor, word: string, items: FetchItems, sections: SectionItem[]): void {
  const simple = SIMPLE.get(word);
  const whole = RFC822.get(word);
  if (simple !== undefined) items[simple] = true;
  else if (whole !== undefined)
    sections.push({ kind: 'body', section: { part: [], text: whole.text, fields: [] }, setsSeen: whole.setsSeen, partial: undefined, label: word });
  else if (word === 'BODY' && !cursor.isNext('[')) items.body = true;
  else if (word === 'BODY' || word === 'BODY.PEEK') sections.push(parseBody(cursor, word === 'BODY'));
  else if (word === 'BINARY' || word === 'BINARY.PEEK' || word === 'BINARY.SIZE') sections.push(parseBinary(cursor, word));
  else throw new ImapError('BAD', `Unknown FETCH item ${word.slice(0, 40)}`);
}

function parseLazy(word: string): void {
  if (word !== 'LAZY') throw new ImapError('BAD', 'Unknown PREVIEW modifier');
}

function parseBody(cursor: Cursor, setsSeen: boolean): SectionItem {
  cursor.expect('[');
  const section = parseSection(cursor);
  cursor.expect(']');
  const partial = parsePartial(cursor);
  return { kind: 'body', section, setsSeen, partial, label: `BODY[${sectionText(section)}]${partial === undefined ? '' : `<${partial.offset}>`}` };
}

/** `[` part numbers or nothing `]`: RFC 3516 §4.2 allows no text specifier. */
function parseBinary(cursor: Cursor, word: string): SectionItem {
  cursor.expect('[');
  const section = parseSection(cursor);
  cursor.expect(']');
  if (section.text !== 'all') throw new ImapError('BAD', `${word} takes a part number only`);
  const numbers = section.part.join('.');
  if (word === 'BINARY.SIZE') return { kind: 'binary-size', section, setsSeen: false, partial: undefined, label: `BINARY.SIZE[${numbers}]` };
  const partial = parsePartial(cursor);
  return { kind: 'binary', section, setsSeen: word === 'BINARY', partial, label: `BINARY[${numbers}]${partial === undefined ? '' : `<${partial.offset}>`}` };
}

function parseSection(cursor: Cursor): Section {
  if (cursor.isNext(']')) return { part: [], text: 'all', fields: [] };
  const words = cursor.wordUntil(']()').split('.');
  const part: number[] = [];
  let next = 0;
  for (; next < words.length; next++) {
    const word = words[next] ?? '';
    if (!/^[1-9][0-9]{0,8}$/.test(word)) break;
    part.push(Number(word));
  }
  if (part.length > PART_DEPTH_LIMIT) throw new ImapError('BAD', 'Too many part numbers');
  const specifier = words.slice(next).join('.');
  switch (specifier) {
    case '':
      // `1.` has an empty word behind the point.
      if (next < words.length) break;
      return { part, text: 'all', fields: [] };
    case 'HEADER':
    case 'TEXT':
      return { part, text: specifier === 'HEADER' ? 'header' : 'text', fields: [] };
    case 'MIME':
      if (part.length === 0) break;
      return { part, text: 'mime', fields: [] };
    case 'HEADER.FIELDS':
    case 'HEADER.FIELDS.NOT':
      cursor.space();
      return { part, text: specifier === 'HEADER.FIELDS' ? 'header-fields' : 'header-fields-not', fields: parseFields(cursor) };
  }
  throw new ImapError('BAD', 'Not a section');
}

function parseFields(cursor: Cursor): string[] {
  const fields = cursor.list(() => cursor.astring());
  if (fields.length > FIELD_LIMIT) throw new ImapError('BAD', 'Too many header fields');
  return fields;
}

function parsePartial(cursor: Cursor): SectionItem['partial'] {
  if (!cursor.skip('<')) return undefined;
  const offset = cursor.number64();
  cursor.expect('.');
  const length = cursor.number64();
  if (length === 0) throw new ImapError('BAD', 'A partial range must not be empty');
  cursor.expect('>');
  return { offset, length };
}

/** As the reply repeats it: specifiers in capitals, field names as they were asked for. */
function sectionText(section: Section): string {
  const specifier = { all: '', header: 'HEADER', text: 'TEXT', mime: 'MIME', 'header-fields': 'HEADER.FIELDS', 'header-fields-not': 'HEADER.FIELDS.NOT' }[
    section.text
  ];
  const words = specifier === '' ? section.part : [...section.part, specifier];
  const fields = section.fields.length === 0 ? '' : ` (${section.fields.map(astringText).join(' ')})`;
  return words.join('.') + fields;
}

/** One character an octet, as replies are written: a letter of more octets must not end as a line end. */
function astringText(name: string): string {
  if (/^[!#$&'*+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/.test(name)) return name;
  return quotedUtf8(name.replace(/[\r\n\0]/g, ''));
}

function parseModifiers(cursor: Cursor): { changedSince: Modseq | undefined; vanished: boolean } {
  let changedSince: Modseq | undefined;
  let vanished = false;
  if (cursor.skip(' ')) {
    cursor.list(() => {
      const name = cursor.word();
      if (name === 'CHANGEDSINCE' && changedSince === undefined) {
        cursor.space();
        changedSince = cursor.modseq();
      } else if (name === 'VANISHED' && !vanished) vanished = true;
      else throw new ImapError('BAD', `Unknown FETCH modifier ${name.slice(0, 40)}`);
    });
  }
  return { changedSince, vanished };
}
