/**
 * Reading a command's arguments. A Cursor walks over a whole collected command: text (one character an octet, Latin-1) and the literals between.
 * Each method reads one thing and moves behind it, or throws ImapError BAD; none moves over the space in between, so that the commands spell out
 * their grammar: `cursor.space(); const name = cursor.mailbox(); cursor.end();`
 *
 * RFC 9051 §9 · RFC 3501 §9 · RFC 4466 · RFC 6855 · RFC 7162 §7
 */
import { decodeUtf8 } from '#core/bytes.ts';
import type { Modseq } from '#core/ids.ts';
import { ImapError } from '../command.ts';
import { parseDate, parseDateTime } from './date.ts';
import type { LiteralHeader, Piece } from './literal.ts';
import { canonicalName, decodeUtf7 } from './mailbox-name.ts';
import { STAR, type SequenceRange, type SequenceSet } from './sequence-set.ts';

const LARGEST_NUMBER = 2 ** 32 - 1;
/** Depth that nested lists may have: search keys, extension data. */
const DEEPEST = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a character may be part of. */
const ATOM = 1;
const ASTRING = 2;
const LIST_MAILBOX = 4;
const classes = characterClasses();

export class Cursor {
  /** Whether mailbox names come in UTF-8 (UTF8=ACCEPT or IMAP4rev2 enabled) instead of modified UTF-7. */
  readonly isUtf8: boolean;
  readonly #pieces: readonly Piece[];
  #index = 0;
  #text: string;
  #at = 0;
  #depth = 0;

  constructor(pieces: readonly Piece[], options: { readonly isUtf8: boolean } = { isUtf8: false }) {
    this.#pieces = pieces;
    const first = pieces[0];
    this.#text = typeof first === 'string' ? first : '';
    if (typeof first !== 'string') this.#index = -1;
    this.isUtf8 = options.isUtf8;
  }

  // Where we are

  /** The next character's code; -1 at the end of the text, where a literal or the end of the command follows. */
  peek(): number {
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : -1;
  }

  /** Whether the whole command has been read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#text.length && this.#index >= this.#pieces.length - 1;
  }

  /** Whether the next thing is this character (one ASCII character). */
  isNext(character: string): boolean {
    return this.peek() === character.charCodeAt(0);
  }

  /** Whether the next thing is a string: quoted or literal. */
  get isAtString(): boolean {
    return this.isNext('"') || this.#literal() !== undefined;
  }

  /** Whether the next thing is a literal that is still on the line (the last piece): see Command.streamsLiteral. */
  get isAtStreamedLiteral(): boolean {
    return this.#at >= this.#text.length && isHeader(this.#pieces[this.#index + 1]);
  }

  /** The literal that is still on the line. */
  streamedLiteral(): LiteralHeader {
    const next = this.#pieces[this.#index + 1];
    if (this.#at < this.#text.length || !isHeader(next)) throw bad('A literal was expected');
    this.#index++;
    this.#text = '';
    this.#at = 0;
    return next;
  }

  // Punctuation

  /** One space. */
  space(): void {
    if (!this.skip(' ')) throw bad(this.isAtEnd ? 'Arguments are missing' : 'A space was expected');
  }

  /** Moves over this character if it is next. */
  skip(character: string): boolean {
    if (!this.isNext(character)) return false;
    this.#at++;
    return true;
  }

  expect(character: string): void {
    if (!this.skip(character)) throw bad(`"${character}" was expected`);
  }

  /** The end of the command. Spaces before it are forgiven: clients in the field send them. */
  end(): void {
    while (this.skip(' '));
    if (!this.isAtEnd) throw bad('Unexpected text after the arguments');
  }

  /** `(` items separated by one space `)`; `item` reads one. An empty list only if `mayBeEmpty`. */
  list<Item>(item: () => Item, mayBeEmpty: boolean = false): Item[] {
    this.expect('(');
    if (++this.#depth > DEEPEST) throw bad('Lists are nested too deeply');
    const items: Item[] = [];
    if (!(mayBeEmpty && this.isNext(')'))) {
      do {
        items.push(item());
      } while (this.skip(' '));
    }
    this.expect(')');
    this.#depth--;
    return items;
  }

  /** Runs `read` one level deeper; for grammars that nest without `list`. */
  nested<Result>(read: () => Result): Result {
    if (++this.#depth > DEEPEST) throw bad('Nested too deeply');
    const result = read();
    this.#depth--;
    return result;
  }

  // Words and strings

  /** An atom. */
  atom(): string {
    return this.#run(ATOM, 'An atom was expected');
  }

  /** An atom in capitals: names of items, options, keys. */
  word(): string {
    return this.atom().toUpperCase();
  }

  /** The characters up to the next one of `stops`, a space or the end, in capitals; at least one. For item names such as `BODY.PEEK` before `[`. */
  wordUntil(stops: string): string {
    const start = this.#at;
    for (let code = this.peek(); code > 0x20 && code < 0x7f && !stops.includes(String.fromCharCode(code)); code = this.peek()) this.#at++;
    if (start === this.#at) throw bad('A word was expected');
    return this.#text.slice(start, this.#at).toUpperCase();
  }

  /** Moves over `word` (capitals) if it is next, in any case, and ends there. */
  skipWord(word: string): boolean {
    const end = this.#at + word.length;
    if (this.#text.slice(this.#at, end).toUpperCase() !== word) return false;
    if (end < this.#text.length && isA(ATOM, this.#text.charCodeAt(end))) return false;
    this.#at = end;
    return true;
  }

  /** A quoted string or literal, as its octets. */
  stringBytes(): Buffer {
    const literal = this.#literal();
    if (literal !== undefined) return this.#takeLiteral(literal);
    if (!this.isNext('"')) throw bad('A string was expected');
    return Buffer.from(this.#quoted(), 'latin1');
  }

  /** A quoted string or literal in UTF-8. */
  string(): string {
    return this.#decoded(this.stringBytes());
  }

  /** An atom or string, as its octets. */
  astringBytes(): Buffer {
    return this.isAtString ? this.stringBytes() : Buffer.from(this.#run(ASTRING, 'A string was expected'), 'latin1');
  }

  /** An atom or string in UTF-8. */
  astring(): string {
    return this.isAtString ? this.string() : this.#run(ASTRING, 'A string was expected');
  }

  /** A string, or NIL as undefined. */
  nstring(): string | undefined {
    if (this.isAtString) return this.string();
    if (this.skipWord('NIL')) return undefined;
    throw bad('A string or NIL was expected');
  }

  // Mailboxes and flags

  /** A mailbox name, decoded; INBOX in capitals. Throws NO for one that is not proper modified UTF-7: its syntax is right, but no mailbox can have it. */
  mailbox(): string {
    const name = this.#mailboxName(this.#decoded(this.astringBytes()));
    if (name === undefined) throw new ImapError('NO', 'The mailbox name is not valid modified UTF-7', 'CANNOT');
    return canonicalName(name);
  }

  /** A list-mailbox: a name with wildcards, decoded; where it is not modified UTF-7, as it stands. */
  mailboxPattern(): string {
    const text = this.#decoded(this.isAtString ? this.stringBytes() : Buffer.from(this.#run(LIST_MAILBOX, 'A mailbox name was expected'), 'latin1'));
    return (this.#mailboxName(text) ?? text).normalize('NFC');
  }

  /** A flag or keyword as written: `\Seen`, `$Forwarded`. */
  flag(): string {
    if (!this.skip('\\')) return this.atom();
    if (this.skip('*')) throw bad('\\* is not a flag that can be set');
    return `\\${this.atom()}`;
  }

  /** `(` flags `)`; may be empty. */
  flagList(): string[] {
    return this.list(() => this.flag(), true);
  }

  // Numbers, sets and dates

  /** 0 to 2^32 - 1. */
  number(): number {
    return this.#number(LARGEST_NUMBER);
  }

  /** 1 to 2^32 - 1. */
  nzNumber(): number {
    const value = this.number();
    if (value === 0) throw bad('A number above 0 was expected');
    return value;
  }

  /** 0 to 2^63 - 1; above 2^53 it is read as 2^53 - 1: no size or modseq here is greater. */
  number64(): number {
    return this.#number(Number.MAX_SAFE_INTEGER);
  }

  /** A mod-sequence-valzer. */
  modseq(): Modseq {
    return this.number64() as Modseq;
  }

  /** A sequence-set with `*`, ranges and `$`. */
  sequenceSet(): SequenceSet {
    const ranges: SequenceRange[] = [];
    let hasSaved = false;
    do {
      if (this.skip('$')) {
        hasSaved = true;
        continue;
      }
      const first = this.#sequenceNumber();
      ranges.push({ first, last: this.skip(':') ? this.#sequenceNumber() : first });
    } while (this.skip(','));
    return { ranges, hasSaved };
  }

  /** Whether a sequence-set can begin here. */
  get isAtSequenceSet(): boolean {
    const code = this.peek();
    return (code >= 0x30 && code <= 0x39) || code === 0x2a || code === 0x24;
  }

  /** `"dd-Mon-yyyy hh:mm:ss +zzzz"`: milliseconds since 1970. */
  dateTime(): number {
    if (!this.isNext('"')) throw bad('A date and time was expected');
    const value = parseDateTime(this.#quoted());
    if (value === undefined) throw bad('Not a date and time');
    return value;
  }

  /** `dd-Mon-yyyy`, quoted or not: milliseconds since 1970 of its beginning in UTC. */
  date(): number {
    const value = parseDate(this.isNext('"') ? this.#quoted() : this.atom());
    if (value === undefined) throw bad('Not a date');
    return value;
  }

  // Inside

  #run(kind: number, otherwise: string): string {
    const start = this.#at;
    const text = this.#text;
    let at = start;
    while (at < text.length && isA(kind, text.charCodeAt(at))) at++;
    if (at === start) throw bad(otherwise);
    this.#at = at;
    return text.slice(start, at);
  }

  #quoted(): string {
    const text = this.#text;
    let at = this.#at + 1;
    let start = at;
    let out = '';
    for (; ; at++) {
      if (at >= text.length) throw bad('A quoted string has no end');
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        out += text.slice(start, at);
        start = ++at;
        const escaped = at < text.length ? text.charCodeAt(at) : -1;
        if (escaped !== QUOTE && escaped !== BACKSLASH) throw bad('Only " and \\ may follow \\ in a quoted string');
      } else if (code === 0 || code === 0x0d || code === 0x0a) {
        throw bad('A quoted string holds a character that it must not');
      }
    }
    this.#at = at + 1;
    return out + text.slice(start, at);
  }

  /** A literal is next. */
  #literal(): { readonly bytes: Buffer; readonly isBinary: boolean } | undefined {
    const next = this.#pieces[this.#index + 1];
    return this.#at >= this.#text.length && isLiteral(next) ? next : undefined;
  }

  #takeLiteral(literal: { readonly bytes: Buffer; readonly isBinary: boolean }): Buffer {
    if (literal.isBinary) throw bad('literal8 may not be used here');
    if (literal.bytes.includes(0)) throw bad('A literal holds NUL');
    this.#leaveLiteral();
    return literal.bytes;
  }

  #leaveLiteral(): void {
    this.#index += 2;
    const text = this.#pieces[this.#index];
    this.#text = typeof text === 'string' ? text : '';
    this.#at = 0;
  }

  #decoded(bytes: Buffer): string {
    const text = decodeUtf8(bytes);
    if (text === undefined) throw bad('A string is not valid UTF-8');
    return text;
  }

  #mailboxName(text: string): string | undefined {
    return this.isUtf8 ? text : decodeUtf7(text);
  }

  #number(largest: number): number {
    const start = this.#at;
    let value = 0;
    for (let code = this.peek(); code >= 0x30 && code <= 0x39; code = this.peek()) {
      value = value * 10 + code - 0x30;
      this.#at++;
      if (value > largest && largest === LARGEST_NUMBER) throw bad('A number is too large');
    }
    const digits = this.#at - start;
    if (digits === 0) throw bad('A number was expected');
    if (digits > 19) throw bad('A number is too large');
    return Math.min(value, largest);
  }

  #sequenceNumber(): number {
    return this.skip('*') ? STAR : this.nzNumber();
  }
}

function bad(message: string): ImapError {
  return new ImapError('BAD', message);
}

function isLiteral(piece: Piece | undefined): piece is Extract<Piece, { bytes: Buffer }> {
  return typeof piece === 'object' && 'bytes' in piece;
}

function isHeader(piece: Piece | undefined): piece is LiteralHeader {
  return typeof piece === 'object' && 'sizeBytes' in piece;
}

function isA(kind: number, code: number): boolean {
  return ((classes[code] ?? 0) & kind) !== 0;
}

/** RFC 9051 §9: ATOM-CHAR excludes specials; ASTRING-CHAR adds `]`; list-char adds `%`, `*` and `]`. */
function characterClasses(): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 0x21; code < 0x7f; code++) {
    const character = String.fromCharCode(code);
    if ('(){"\\'.includes(character)) continue;
    const isWildcard = character === '%' || character === '*';
    const isAtom = !isWildcard && character !== ']';
    const isAstring = isAtom || character === ']';
    table[code] = (isAtom ? ATOM : 0) | (isAstring ? ASTRING : 0) | LIST_MAILBOX;
  }
  // Mailbox names in raw UTF-8 outside of quotes: not in the grammar, sent by some clients.
  for (let code = 0x80; code < 0x100; code++) table[code] = ASTRING | LIST_MAILBOX;
  return table;
}
