/**
 * Strict reading of address lists: for From, Sender and Resent-* of what our own users submit. Whoever reads the message later must see the same address that
 * was checked here, so everything that two programs may read differently is refused: groups, routes, empty members, two addresses in one member, unbalanced
 * quotes or comments, control characters, octets that are no UTF-8.
 *
 * RFC 5322 §3.4 (mailbox-list, addr-spec), of §4.4 only dots in display names (everybody writes `Jan B. Kowalski`) · RFC 6532 §3.2
 */
import { isUtf8 } from 'node:buffer';
import type { Mailbox } from './address.ts';
import { decodeWords } from './encoded-word.ts';
import { textOfOctets } from './octets.ts';

/** What is wrong, for the reply: `expected an address`. */
export class AddressSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressSyntaxError';
  }
}

/** Comments may nest this deep. */
const COMMENT_DEPTH = 10;
/** RFC 5321 §4.5.3.1 */
const LOCAL_PART_LIMIT = 64;
const DOMAIN_LIMIT = 255;

/** Reads `mailbox *("," mailbox)` from an unfolded field value (octet string). Throws AddressSyntaxError. */
export function parseAddressListStrict(value: string, limit: number = 100): readonly Mailbox[] {
  const scanner = new Scanner(value);
  const mailboxes = [scanner.mailbox()];
  while (scanner.take(',')) {
    if (mailboxes.length === limit) throw new AddressSyntaxError('too many addresses');
    mailboxes.push(scanner.mailbox());
  }
  scanner.end();
  return mailboxes;
}

/** Exactly one mailbox: Sender, and From where only one author is allowed. Throws AddressSyntaxError. */
export function parseMailboxStrict(value: string): Mailbox {
  return parseAddressListStrict(value, 1)[0] as Mailbox;
}

/** RFC 5322 §3.2.3 `atext`, with RFC 6532 `UTF8-non-ascii`. Sticky. */
const ATOM = /[!#$%&'*+/0-9=?A-Z^_`a-z{|}~\x80-\xff-]+/y;
/** Narrower than RFC 5322: what an address literal of RFC 5321 §4.1.3 is made of, so that no other reader finds a second address inside. */
const DOMAIN_LITERAL = /\[[0-9A-Za-z:.-]+\]/y;
/** A run of `qtext` and white space. */
const QUOTED_TEXT = /[ \t!#-[\]-~\x80-\xff]+/y;
const COMMENT_TEXT = /[ \t!-'*-[\]-~\x80-\xff]+/y;

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    if (!isUtf8(Buffer.from(text, 'latin1'))) throw new AddressSyntaxError('not valid UTF-8');
    this.#text = text;
  }

  mailbox(): Mailbox {
    this.#space();
    const words = this.#words();
    if (this.#text[this.#at] === '<') {
      if (words[0]?.kind === 'dot') throw new AddressSyntaxError('a display name begins with a dot');
      const name = words.map(({ text, hasGap }) => (hasGap ? ` ${text}` : text)).join('');
      this.take('<');
      const localPart = this.#localPart();
      const domain = this.#domain();
      if (!this.take('>')) throw new AddressSyntaxError('expected ">"');
      return mailboxOf(name === '' ? undefined : name, localPart, domain);
    }
    if (this.#text[this.#at] === ':') throw new AddressSyntaxError('a group is not allowed here');
    if (words.length === 0 || !isLocalPart(words)) throw new AddressSyntaxError('expected an address');
    return mailboxOf(undefined, words.map(({ text }) => text).join(''), this.#domain());
  }

  /** Words, quoted strings and dots, before it shows whether they are a display name (`<` follows) or a local part (`@` follows). */
  #words(): readonly Word[] {
    const words: Word[] = [];
    let hasGap = false;
    for (;;) {
      const quoted = this.#quoted();
      if (quoted !== undefined) words.push({ kind: 'quoted', text: quoted, hasGap });
      else {
        const atom = this.#match(ATOM);
        if (atom !== undefined) words.push({ kind: 'atom', text: atom, hasGap });
        else if (this.#text[this.#at] === '.') {
          this.#at++;
          words.push({ kind: 'dot', text: '.', hasGap });
        } else return words;
      }
      hasGap = this.#space();
    }
  }

  /** Takes a character and the comments and white space behind it. */
  take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    this.#space();
    return true;
  }

  end(): void {
    if (this.#at < this.#text.length) throw new AddressSyntaxError('unexpected text behind the address');
  }

  #localPart(): string {
    const quoted = this.#quoted();
    if (quoted !== undefined) {
      this.#space();
      return quoted;
    }
    return this.#dotAtom('a local part');
  }

  #domain(): string {
    if (!this.take('@')) throw new AddressSyntaxError('expected "@"');
    const literal = this.#match(DOMAIN_LITERAL);
    if (literal === undefined) return this.#dotAtom('a domain');
    this.#space();
    return literal;
  }

  #dotAtom(what: string): string {
    let out = '';
    for (;;) {
      const atom = this.#match(ATOM);
      if (atom === undefined) throw new AddressSyntaxError(`expected ${what}`);
      out += atom;
      if (this.#text[this.#at] !== '.') break;
      this.#at++;
      out += '.';
    }
    this.#space();
    return out;
  }

  /** The content of a quoted string; undefined where none begins here. */
  #quoted(): string | undefined {
    if (this.#text[this.#at] !== '"') return undefined;
    this.#at++;
    let out = '';
    for (;;) {
      out += this.#match(QUOTED_TEXT) ?? '';
      const char = this.#text[this.#at++];
      if (char === '"') return out;
      if (char !== '\\') throw new AddressSyntaxError('a quoted string is not closed');
      out += this.#escaped();
    }
  }

  /** Comments and white space; whether there was any. */
  #space(): boolean {
    const start = this.#at;
    let depth = 0;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '(') {
        if (++depth > COMMENT_DEPTH) throw new AddressSyntaxError('comments are nested too deep');
      } else if (depth > 0 && char === ')') depth--;
      else if (depth > 0 && char === '\\') {
        this.#at++;
        this.#escaped();
        continue;
      } else if (depth > 0) {
        if (this.#match(COMMENT_TEXT) === undefined) throw new AddressSyntaxError('a comment is not closed');
        continue;
      } else if (char !== ' ' && char !== '\t') return this.#at > start;
      this.#at++;
    }
  }

  /** The character behind a backslash: anything visible, or white space. */
  #escaped(): string {
    const char = this.#text[this.#at++] ?? '';
    const code = char.charCodeAt(0);
    if (char === '' || code === 0x7f || (code < 0x20 && code !== 0x09)) throw new AddressSyntaxError('a control character is quoted');
    return char;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }
}

interface Word {
  readonly kind: 'atom' | 'quoted' | 'dot';
  readonly text: string;
  /** Whether white space or a comment stands before it, behind another word. */
  readonly hasGap: boolean;
}

/** One quoted string, or atoms with single dots and nothing else between them. */
function isLocalPart(words: readonly Word[]): boolean {
  if (words.length === 1 && words[0]?.kind === 'quoted') return true;
  return words.length % 2 === 1 && words.every(({ kind, hasGap }, i) => kind === (i % 2 === 0 ? 'atom' : 'dot') && !hasGap);
}

function mailboxOf(name: string | undefined, localPart: string, domain: string): Mailbox {
  if (localPart === '') throw new AddressSyntaxError('the local part is empty');
  if (localPart.length > LOCAL_PART_LIMIT || domain.length > DOMAIN_LIMIT) throw new AddressSyntaxError('the address is too long');
  return { name: name === undefined ? undefined : decodeWords(name), localPart: textOfOctets(localPart), domain: textOfOctets(domain) };
}
