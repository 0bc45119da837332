/**
 * Paths of MAIL and RCPT: `<local@domain>`, with quoted local parts, address literals, source routes and UTF-8.
 *
 * RFC 5321 §4.1.2, §4.1.3 (grammar), §4.5.3.1 (lengths), Appendix C (source routes are read and ignored) · RFC 6531 §3.3 (UTF-8)
 *
 * Deviations: an underscore is allowed in a domain label, because senders with such names exist and refusing them helps nobody. The limits of 64 octets for a
 * local part and 256 for a path are what must at least be taken; we take paths up to 512 octets, because bounce addresses of list software are longer.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { Path } from './envelope.ts';
import { Refusal } from './refusal.ts';

/** A path and where the text goes on behind its `>`. */
export interface ParsedPath {
  /** Undefined for `<>`. The domain is empty for `<postmaster>`. */
  readonly path: Path | undefined;
  readonly end: number;
  /** Whether it has characters outside ASCII: allowed only where SMTPUTF8 was asked for. */
  readonly isInternational: boolean;
}

const PATH_LIMIT = 512;
const DOMAIN_LIMIT = 255;
const LABEL_LIMIT = 63;

// What nearly every path looks like. The classes on both sides of "@" do not contain it, so there is nothing to backtrack into.
const SIMPLE = /<([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200})@([A-Za-z0-9._-]{1,255})>/y;

/** Reads the path that begins with `<` at `start`. Throws Refusal 501 5.1.7 (sender) or 5.1.3 (recipient). */
export function parsePath(text: string, start: number, role: 'sender' | 'recipient'): ParsedPath {
  SIMPLE.lastIndex = start;
  const simple = SIMPLE.exec(text);
  if (simple !== null) {
    const localPart = simple[1] ?? '';
    const domain = simple[2] ?? '';
    if (isDotString(localPart) && isDomain(domain)) return { path: { localPart, domain }, end: start + simple[0].length, isInternational: false };
  }
  return new PathScanner(text, start, role).read();
}

/** Whether a text is a domain name of labels (ASCII or UTF-8), without a dot at its end. */
export function isDomain(domain: string): boolean {
  if (domain.length === 0 || domain.length > DOMAIN_LIMIT) return false;
  for (const label of domain.split('.')) {
    if (label.length === 0 || label.length > LABEL_LIMIT || !LABEL.test(label)) return false;
  }
  return true;
}

/** Whether a text is an address literal: `[192.0.2.1]` or `[IPv6:2001:db8::1]`. */
export function isAddressLiteral(text: string): boolean {
  if (text.length < 3 || text.length > 64 || text[0] !== '[' || text.at(-1) !== ']') return false;
  const inner = text.slice(1, -1);
  if (/^IPv6:/i.test(inner)) return isIPv6(inner.slice(5)) && !inner.includes('%');
  return isIPv4(inner);
}

const LABEL = /^[A-Za-z0-9_\u0080-\u{10ffff}](?:[A-Za-z0-9_\u0080-\u{10ffff}-]*[A-Za-z0-9_\u0080-\u{10ffff}])?$/u;
const ATEXT = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]/u;

function isDotString(text: string): boolean {
  return text[0] !== '.' && text.at(-1) !== '.' && !text.includes('..');
}

class PathScanner {
  readonly #text: string;
  readonly #role: 'sender' | 'recipient';
  readonly #start: number;
  #at: number;

  constructor(text: string, start: number, role: 'sender' | 'recipient') {
    this.#text = text;
    this.#role = role;
    this.#start = start;
    this.#at = start;
  }

  read(): ParsedPath {
    if (this.#peek() !== '<') throw this.#bad('Address must be in angle brackets');
    this.#at++;
    if (this.#peek() === '>') {
      this.#at++;
      if (this.#role === 'recipient') throw this.#bad('Recipient address is empty');
      return { path: undefined, end: this.#at, isInternational: false };
    }
    if (this.#peek() === '@') this.#skipSourceRoute();
    const localPart = this.#peek() === '"' ? this.#quotedString() : this.#dotString();
    let domain = '';
    if (this.#peek() === '@') {
      this.#at++;
      domain = this.#peek() === '[' ? this.#literal() : this.#domain('>');
    } else if (this.#role !== 'recipient' || localPart.toLowerCase() !== 'postmaster') {
      throw this.#bad('Address must have a domain');
    }
    if (this.#peek() !== '>') throw this.#bad('Address is malformed');
    this.#at++;
    const whole = this.#text.slice(this.#start, this.#at);
    if (Buffer.byteLength(whole) > PATH_LIMIT) throw this.#bad('Address is too long');
    // oxlint-disable-next-line no-control-regex -- the ASCII range
    return { path: { localPart, domain }, end: this.#at, isInternational: /[^\x00-\x7f]/.test(whole) };
  }

  /** `@one,@two:` in front of the address: read and ignored. */
  #skipSourceRoute(): void {
    for (;;) {
      if (this.#peek() !== '@') throw this.#bad('Source route is malformed');
      this.#at++;
      if (this.#peek() === '[') this.#literal();
      else this.#domain(',:');
      const next = this.#peek();
      this.#at++;
      if (next === ':') return;
      if (next !== ',') throw this.#bad('Source route is malformed');
    }
  }

  #dotString(): string {
    const from = this.#at;
    for (;;) {
      const character = this.#character();
      if (character !== '.' && !ATEXT.test(character)) break;
      this.#at += character.length;
    }
    const local = this.#text.slice(from, this.#at);
    if (local.length === 0 || !isDotString(local)) throw this.#bad('Local part is malformed');
    return local;
  }

  #quotedString(): string {
    let content = '';
    this.#at++;
    for (;;) {
      const character = this.#character();
      if (character === '') throw this.#bad('Quoted local part has no end');
      this.#at += character.length;
      if (character === '"') break;
      if (character !== '\\') {
        content += character;
        continue;
      }
      const escaped = this.#peek();
      // quoted-pairSMTP: only printable ASCII can be escaped.
      if (escaped === '' || escaped < ' ' || escaped > '~') throw this.#bad('Quoted local part is malformed');
      content += escaped;
      this.#at++;
    }
    if (content.length === 0) throw this.#bad('Local part is empty');
    return content;
  }

  #literal(): string {
    const close = this.#text.indexOf(']', this.#at);
    const literal = close < 0 ? '' : this.#text.slice(this.#at, close + 1);
    if (!isAddressLiteral(literal)) throw this.#bad('Address literal is malformed');
    this.#at = close + 1;
    return literal;
  }

  #domain(ends: string): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !ends.includes(this.#peek()) && this.#at - from <= DOMAIN_LIMIT) this.#at++;
    const domain = this.#text.slice(from, this.#at);
    if (!isDomain(domain)) throw this.#bad('Domain is malformed');
    return domain;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  /** The character here, both halves of a surrogate pair together. */
  #character(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #bad(message: string): Refusal {
    return new Refusal(501, this.#role === 'sender' ? '5.1.7' : '5.1.3', message);
  }
}
