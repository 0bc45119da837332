/**
 * The text of an HTML mail, for search and preview: what a reader would see, roughly laid out in lines.
 *
 * A linear scanner over the tags, not a parser of HTML: nothing here is shown as HTML. Scripts, styles, the head's title, comments and tags vanish; blocks begin
 * new lines; white space collapses; character references are resolved. Bounded in what it reads and what it gives.
 */
import { decodeEntities } from './html-entities.ts';

/** Elements whose content is not text for a reader. */
const SKIPPED: ReadonlySet<string> = new Set(['script', 'style', 'title', 'template', 'noembed', 'noframes', 'iframe', 'object', 'svg', 'math', 'xml']);
const BLOCKS: ReadonlySet<string> = new Set([
  'address',
  'article',
  'aside',
  'blockquote',
  'br',
  'center',
  'dd',
  'dir',
  'div',
  'dl',
  'dt',
  'fieldset',
  'figcaption',
  'figure',
  'footer',
  'form',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'header',
  'hr',
  'li',
  'main',
  'menu',
  'nav',
  'ol',
  'p',
  'pre',
  'section',
  'table',
  'tbody',
  'tfoot',
  'thead',
  'tr',
  'ul',
  'body',
  'html',
  'head',
]);
const CELLS: ReadonlySet<string> = new Set(['td', 'th', 'option', 'button']);

const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const EQUALS = 0x3d;

/** At most about `limit` characters of text. */
export function htmlToText(html: string, limit: number = 4 * 1024 * 1024): string {
  const out = new Output();
  let at = 0;
  const length = html.length;
  while (at < length && out.length < limit) {
    let open = html.indexOf('<', at);
    if (open < 0) open = length;
    if (open > at) out.text(html.slice(at, Math.min(open, at + limit * 2)));
    if (open >= length) break;
    const code = html.charCodeAt(open + 1);
    if (code === 0x21 || code === 0x3f) {
      at = endOfMarkup(html, open);
      continue;
    }
    const isClosing = code === SLASH;
    const nameStart = isClosing ? open + 2 : open + 1;
    const nameEnd = endOfName(html, nameStart);
    if (nameEnd === nameStart) {
      // Not a tag: `a < b`.
      out.text('<');
      at = open + 1;
      continue;
    }
    const name = html.slice(nameStart, Math.min(nameEnd, nameStart + 20)).toLowerCase();
    at = endOfTag(html, nameEnd);
    if (!isClosing && SKIPPED.has(name) && html.charCodeAt(at - 2) !== SLASH) at = endOfElement(html, at, name);
    else if (BLOCKS.has(name)) out.newLine();
    else if (CELLS.has(name)) out.space();
  }
  return out.toString();
}

/** The text so far, in pieces: looking at the end of one growing string would copy it each time. */
class Output {
  readonly #pieces: string[] = [];
  /** The last character; a line end at the beginning, so that the text does not begin with white space. */
  #last = LF;
  length = 0;

  text(raw: string): void {
    let text = decodeEntities(raw.replace(WHITE, ' '));
    if ((this.#last === LF || this.#last === SPACE) && text.charCodeAt(0) === SPACE) text = text.slice(1);
    if (text !== '') this.#add(text, text.charCodeAt(text.length - 1));
  }

  newLine(): void {
    if (this.#last === LF) return;
    if (this.#last === SPACE) this.#pieces.push((this.#pieces.pop() ?? '').slice(0, -1));
    this.#add('\n', LF);
  }

  space(): void {
    if (this.#last !== LF && this.#last !== SPACE) this.#add(' ', SPACE);
  }

  toString(): string {
    return this.#pieces.join('').trimEnd();
  }

  #add(text: string, last: number): void {
    this.#pieces.push(text);
    this.#last = last;
    this.length += text.length;
  }
}

/** White space that is not one space already. */
const WHITE = /(?:[\t\r\n\f]| (?=[ \t\r\n\f]))[ \t\r\n\f]*/g;
const LF = 0x0a;
const SPACE = 0x20;

/** Position behind a comment, declaration or processing instruction. */
function endOfMarkup(html: string, open: number): number {
  const isComment = html.startsWith('<!--', open);
  const end = html.indexOf(isComment ? '-->' : '>', isComment ? open + 2 : open);
  return end < 0 ? html.length : end + (isComment ? 3 : 1);
}

function endOfName(html: string, start: number): number {
  let at = start;
  for (;;) {
    const code = html.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const isOther = at > start && ((code >= 0x30 && code <= 0x39) || code === 0x3a || code === 0x2d);
    if (!isLetter && !isOther) return at;
    at++;
  }
}

/** Position behind the `>` of a tag; one inside a quoted value does not count. */
function endOfTag(html: string, from: number): number {
  let before = 0;
  for (let at = from; at < html.length; at++) {
    const code = html.charCodeAt(at);
    if (code === GREATER) return at + 1;
    if ((code === QUOTE || code === APOSTROPHE) && before === EQUALS) {
      const close = html.indexOf(code === QUOTE ? '"' : "'", at + 1);
      if (close < 0) {
        const end = html.indexOf('>', at);
        return end < 0 ? html.length : end + 1;
      }
      at = close;
    } else if (code === LESS && before === LESS) return at;
    if (code !== 0x20) before = code;
  }
  return html.length;
}

/** Position behind `</name ...>`, or the end where the element is not closed. */
function endOfElement(html: string, from: number, name: string): number {
  const closing = CLOSING[name];
  if (closing === undefined) return from;
  closing.lastIndex = from;
  const match = closing.exec(html);
  if (match === null) return html.length;
  return endOfTag(html, match.index + name.length + 2);
}

const CLOSING: Readonly<Record<string, RegExp>> = Object.fromEntries([...SKIPPED].map((name) => [name, new RegExp(`</${name}(?![a-z0-9])`, 'gi')]));
