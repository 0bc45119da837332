/**
 * Address lists as they stand in headers, read leniently: the one scanner under ENVELOPE and decoded addresses. Strict reading is in `address-strict.ts`.
 *
 * RFC 5322 §3.4, §4.4 (obsolete: routes, empty members, white space around dots) · RFC 6532 §3.2
 *
 * Takes and gives octet strings. Mended on the way: `;` or nothing between addresses, a missing `>`, unclosed quotes and comments, commas in encoded words,
 * `address (name)`, `name address`, an address without a domain. Linear: no position is searched from twice in vain.
 */
import { isWhite, trimOctets } from './octets.ts';
import { endOfQuoted, skipComment, unquote } from './parameters.ts';

/** A mailbox, or the beginning or end of a group, in their order. Quoting and comments are gone; names are still encoded (RFC 2047). */
export type RawAddress =
  | {
      readonly kind: 'mailbox';
      readonly name: string | undefined;
      /** `@first,@second` of the obsolete route, without the colon. */
      readonly route: string | undefined;
      readonly localPart: string;
      /** Empty where the address has none. */
      readonly domain: string;
    }
  | { readonly kind: 'group-start'; readonly name: string }
  | { readonly kind: 'group-end' };

/** Entries read from one field. */
export const ADDRESS_LIMIT = 2000;

const QUOTE = 0x22;
const OPEN = 0x28;
const COMMA = 0x2c;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const QUESTION = 0x3f;
const DOT = 0x2e;
const AT = 0x40;
const BRACKET = 0x5b;

/** Reads an unfolded field value. Never throws. */
export function parseRawAddresses(text: string, limit: number = ADDRESS_LIMIT): readonly RawAddress[] {
  const found: RawAddress[] = [];
  const length = text.length;
  let at = 0;
  let inGroup = false;
  // Once a closing character was not found, it is not looked for again.
  let hasQuotes = true;
  let hasComments = true;
  let hasBrackets = true;
  let nextOpen = -1;
  let nextClose = -1;
  let nextComma = -1;

  while (at < length && found.length < limit) {
    const start = at;
    let angleStart = -1;
    let angleEnd = -1;
    let atSign = -1;
    let comment: string | undefined;
    let isPlain = true;
    let end = -1;
    let isSecond = false;
    scan: while (at < length) {
      const code = text.charCodeAt(at);
      // Letters, digits and most signs: nothing to do.
      if (code > AT && code !== BRACKET) {
        at++;
        continue;
      }
      switch (code) {
        case QUOTE: {
          isPlain = false;
          const close = hasQuotes ? endOfQuoted(text, at) : length;
          if (close < length) at = close;
          else hasQuotes = false;
          break;
        }
        case OPEN: {
          isPlain = false;
          const close = hasComments ? skipComment(text, at) : length;
          if (close < length || (hasComments && text.charCodeAt(length - 1) === 0x29)) {
            comment = text.slice(at + 1, close - 1);
            at = close - 1;
          } else hasComments = false;
          break;
        }
        case EQUALS:
          if (text.charCodeAt(at + 1) === QUESTION) {
            ENCODED_WORD.lastIndex = at;
            if (ENCODED_WORD.test(text)) at = ENCODED_WORD.lastIndex - 1;
          }
          break;
        case LESS: {
          // A second address without a comma between: what stands behind the first one is its name.
          if (angleStart >= 0) {
            end = Math.min(angleEnd + 1, at);
            at = end;
            isSecond = true;
            break scan;
          }
          angleStart = at;
          let from = at + 1;
          if (text.charCodeAt(from) === QUOTE && hasQuotes) {
            const close = endOfQuoted(text, from);
            if (close < length) from = close;
          }
          if (nextClose < from) nextClose = positionOf(text, '>', from);
          if (nextOpen < from) nextOpen = positionOf(text, '<', from);
          if (nextClose < nextOpen) {
            angleEnd = nextClose;
            at = nextClose;
          } else {
            // Never closed: it ends before the comma, or before what opens next.
            if (nextComma < from) nextComma = positionOf(text, ',', from);
            angleEnd = Math.min(nextComma, nextOpen);
            at = angleEnd - 1;
          }
          break;
        }
        case BRACKET:
          if (atSign >= 0 && hasBrackets) {
            const close = text.indexOf(']', at);
            if (close < 0) hasBrackets = false;
            else at = close;
          }
          break;
        case AT:
          atSign = at;
          break;
        case COMMA:
        case SEMICOLON:
          end = at;
          break scan;
        case COLON:
          if (!inGroup && angleStart < 0 && atSign < 0) {
            end = at;
            break scan;
          }
          break;
        default:
          break;
      }
      at++;
    }
    if (end < 0) end = length;
    const separator = isSecond || at >= length ? COMMA : text.charCodeAt(at);
    if (!isSecond) at++;

    if (separator === COLON) {
      found.push({ kind: 'group-start', name: phrase(text.slice(start, end)) });
      inGroup = true;
      continue;
    }
    if (angleStart >= 0) {
      const mailbox = inAngles(text.slice(start, angleStart), text.slice(angleStart + 1, angleEnd), comment);
      if (mailbox !== undefined) found.push(mailbox);
    } else addBare(found, limit, text.slice(start, end), { hasSign: atSign >= 0, comment, isPlain });
    if (separator === SEMICOLON && inGroup) {
      found.push(GROUP_END);
      inGroup = false;
    }
  }
  if (inGroup) found.push(GROUP_END);
  return found;
}

function positionOf(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at < 0 ? text.length : at;
}

const GROUP_END: RawAddress = { kind: 'group-end' };
const ENCODED_WORD = /=\?[^?\s]{1,80}\?[bq]\?[^?]{0,200}\?=/iy;

/** `name <address>`. */
function inAngles(before: string, inner: string, comment: string | undefined): RawAddress | undefined {
  const name = phrase(before) || commentText(comment);
  let spec = trimOctets(inner);
  let route: string | undefined;
  if (spec.charCodeAt(0) === AT) {
    const colon = spec.indexOf(':');
    if (colon > 0) {
      route = spec.slice(0, colon).replace(/[ \t]/g, '');
      spec = spec.slice(colon + 1);
    }
  }
  const { localPart, domain } = splitSpec(spec);
  if (localPart === '' && domain === '' && name === '') return undefined;
  return { kind: 'mailbox', name: name === '' ? undefined : name, route, localPart, domain };
}

/** An address without angles, perhaps with a name before it or in a comment; or only a name; or several addresses with only white space between. */
function addBare(
  found: RawAddress[],
  limit: number,
  text: string,
  seen: { readonly hasSign: boolean; readonly comment: string | undefined; readonly isPlain: boolean },
): void {
  const word = trimOctets(text);
  if (word === '') return;
  const name = commentText(seen.comment) || undefined;
  if (seen.isPlain && !BLANK.test(word)) {
    // One word: nearly all of them.
    const sign = word.lastIndexOf('@');
    found.push(sign < 0 ? mailbox(name, word, '') : mailbox(name, word.slice(0, sign), word.slice(sign + 1)));
    return;
  }
  if (!seen.hasSign) {
    const words = phrase(word);
    if (words !== '') found.push(words.indexOf(' ') < 0 ? mailbox(name, words, '') : mailbox(words, '', ''));
    return;
  }
  // `Jan Kowalski jan@example.com`: a word with a sign is an address, those before it are the name. `jan @ example.com` has become one word.
  let before: string[] = [];
  for (const piece of collapse(word).split(' ')) {
    if (found.length >= limit) return;
    const sign = piece.lastIndexOf('@');
    if (sign < 0) {
      before.push(piece);
      continue;
    }
    found.push(mailbox(before.length > 0 ? unmarked(before.join(' ')) : name, unmarked(piece.slice(0, sign)), unmarked(piece.slice(sign + 1))));
    before = [];
  }
}

function mailbox(name: string | undefined, localPart: string, domain: string): RawAddress {
  return { kind: 'mailbox', name, route: undefined, localPart, domain };
}

/** Splits `local@domain` at its last unquoted sign; quoting, comments and white space go. */
function splitSpec(spec: string): { readonly localPart: string; readonly domain: string } {
  if (!NEEDS_CARE.test(spec)) {
    const sign = spec.lastIndexOf('@');
    return sign < 0 ? { localPart: spec, domain: '' } : { localPart: spec.slice(0, sign), domain: spec.slice(sign + 1) };
  }
  const text = collapse(spec).replaceAll(' ', '');
  const sign = text.lastIndexOf('@');
  return sign < 0 ? { localPart: unmarked(text), domain: '' } : { localPart: unmarked(text.slice(0, sign)), domain: unmarked(text.slice(sign + 1)) };
}

const BLANK = /[ \t\r\n]/;
const NEEDS_CARE = /["\\( \t\r\n]/;
/** Stand for a space and a sign that were quoted, until words have been told apart. */
const QUOTED_SPACE = '\x01';
const QUOTED_SIGN = '\x02';

function unmarked(text: string): string {
  return text.replaceAll(QUOTED_SPACE, ' ').replaceAll(QUOTED_SIGN, '@');
}

/** Text without quoting and comments, white space collapsed and none around dots and signs; what was quoted is marked. */
function collapse(text: string): string {
  let out = '';
  /** The last character written, unless it was quoted: asking the text itself would copy it each time. */
  let last = 0;
  let isSpacePending = false;
  // Once a closing character was not found, it is not looked for again.
  let hasComments = true;
  let hasQuotes = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWhite(code)) {
      isSpacePending = out !== '';
      continue;
    }
    if (code === OPEN && hasComments) {
      const close = skipComment(text, at);
      if (close < text.length || text.endsWith(')')) {
        at = close - 1;
        isSpacePending = out !== '';
        continue;
      }
      hasComments = false;
    }
    const isJoint = code === AT || code === DOT || last === AT || last === DOT;
    if (isSpacePending && !isJoint) out += ' ';
    isSpacePending = false;
    if (code === QUOTE && hasQuotes) {
      const close = endOfQuoted(text, at);
      if (close < text.length) {
        out += unquote(text, at + 1, close)
          .replaceAll(' ', QUOTED_SPACE)
          .replaceAll('@', QUOTED_SIGN);
        last = QUOTE;
        at = close;
        continue;
      }
      hasQuotes = false;
    }
    out += text[at];
    last = code;
  }
  return out;
}

/** A display name: quoted strings unquoted, comments dropped, white space collapsed. */
function phrase(raw: string): string {
  const text = trimOctets(raw);
  if (!PHRASE_NEEDS_CARE.test(text)) return text;
  if (text.charCodeAt(0) === QUOTE && endOfQuoted(text, 0) === text.length - 1) return trimOctets(unquote(text, 1, text.length - 1));
  let out = '';
  let isSpacePending = false;
  let hasQuotes = true;
  let hasComments = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWhite(code)) {
      isSpacePending = true;
      continue;
    }
    if (code === OPEN && hasComments) {
      const close = skipComment(text, at);
      if (close < text.length || text.endsWith(')')) {
        at = close - 1;
        isSpacePending = true;
        continue;
      }
      hasComments = false;
    }
    if (isSpacePending && out !== '') out += ' ';
    isSpacePending = false;
    if (code === QUOTE && hasQuotes) {
      const close = endOfQuoted(text, at);
      if (close < text.length) {
        out += unquote(text, at + 1, close);
        at = close;
        continue;
      }
      hasQuotes = false;
    }
    // A quote that nothing closes says nothing.
    if (code !== QUOTE) out += text[at];
  }
  return trimOctets(out);
}

const PHRASE_NEEDS_CARE = /["(\\\t\r\n]| {2}/;

function commentText(comment: string | undefined): string {
  return comment === undefined ? '' : trimOctets(comment.replace(/\\([^])/g, '$1'));
}
