/**
 * Just enough XML for aggregate reports: elements and their text, one after the other, nothing held. No document types, so no entities but the five of XML itself and
 * character references: nothing can grow or be fetched. Forgiving where reports in the wild are wrong: what is no tag is text, an end that fits no open element is passed over.
 *
 * XML 1.0 §2.4, §2.7, §2.8, §4.1
 */
import { decodeCharset } from '#message/charset.ts';

export type XmlEvent =
  /** Names are without their prefix, lower case. */
  | { readonly kind: 'open'; readonly path: readonly string[] }
  /** The element's own text, trimmed; empty where it holds elements. */
  | { readonly kind: 'close'; readonly path: readonly string[]; readonly text: string };

/** What is no XML that this reader takes, in words. */
export class XmlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'XmlError';
  }
}

const MOST_DEPTH = 30;
const MOST_ELEMENTS = 2_000_000;
/** Characters of one element's text. */
const MOST_TEXT = 8192;
const NAME = /^[A-Za-z_][A-Za-z0-9._:-]{0,200}$/;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text from octets, by the encoding that the document declares; what is not of it is shown as a replacement. */
export function decodeXml(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, 200);
  if (head.startsWith('\xff\xfe') || head.startsWith('<\0')) return bytes.toString('utf16le').replace(/^\ufeff/, '');
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(head)?.[1] ?? 'utf-8';
  const text = /^utf-?8$/i.test(declared) ? bytes.toString('utf8') : decodeCharset(bytes, declared);
  return text.replace(/^\ufeff/, '');
}

/**
 * The path of an event is the reader's own and changes with the next one. Names are told without their prefixes; from the element `root` on those with another prefix than
 * its own keep it: they are of another namespace. Throws XmlError.
 */
export function* readXml(text: string, root?: string): Generator<XmlEvent, void> {
  let own: string | undefined;
  const path: string[] = [];
  const texts: string[] = [];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('<', at);
    const upTo = start < 0 ? text.length : start;
    if (upTo > at) addText(texts, resolve(text.slice(at, Math.min(upTo, at + MOST_TEXT))));
    if (start < 0) break;
    const marked = skipMarkup(text, start, texts);
    if (marked !== undefined) {
      at = marked;
      continue;
    }
    const end = text.indexOf('>', start);
    if (end < 0) break;
    const tag = text.slice(start + 1, Math.min(end, start + 1000));
    at = end + 1;
    const isEnd = tag.startsWith('/');
    const isEmpty = !isEnd && text[end - 1] === '/';
    const name = (isEnd ? tag.slice(1) : tag).split(/[\s/]/, 1)[0] ?? '';
    if (!NAME.test(name)) {
      addText(texts, text.slice(start, Math.min(at, start + 200)));
      continue;
    }
    const colon = name.lastIndexOf(':');
    const prefix = name.slice(0, colon + 1).toLowerCase();
    const bare = name.slice(colon + 1).toLowerCase();
    if (own === undefined && bare === root) own = prefix;
    const local = own === undefined || prefix === own ? bare : `${prefix}${bare}`;
    if (isEnd) {
      // Whatever was left open inside ends with it.
      const open = path.lastIndexOf(local);
      if (open < 0) continue;
      while (path.length > open) {
        yield { kind: 'close', path, text: (texts.pop() ?? '').trim() };
        path.pop();
      }
      continue;
    }
    if (++elements > MOST_ELEMENTS) throw new XmlError('the document has too many elements');
    if (path.length >= MOST_DEPTH) throw new XmlError('elements are nested too deeply');
    path.push(local);
    texts.push('');
    yield { kind: 'open', path };
    if (isEmpty) {
      yield { kind: 'close', path, text: '' };
      path.pop();
      texts.pop();
    }
  }
  while (path.length > 0) {
    yield { kind: 'close', path, text: (texts.pop() ?? '').trim() };
    path.pop();
  }
}

/** Behind a comment, a processing instruction or a CDATA section, whose text is kept; undefined for anything else. Throws XmlError for a document type. */
function skipMarkup(text: string, start: number, texts: string[]): number | undefined {
  if (text.startsWith('<?', start)) return behind(text, '?>', start);
  if (!text.startsWith('<!', start)) return undefined;
  if (text.startsWith('<!--', start)) return behind(text, '-->', start + 4);
  if (text.startsWith('<![CDATA[', start)) {
    const end = behind(text, ']]>', start);
    addText(texts, text.slice(start + 9, Math.min(end - 3, start + 9 + MOST_TEXT)));
    return end;
  }
  throw new XmlError('a document type is not allowed');
}

function behind(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at < 0 ? text.length : at + end.length;
}

function addText(texts: string[], more: string): void {
  const last = texts.length - 1;
  const known = texts[last];
  if (known !== undefined && known.length < MOST_TEXT) texts[last] = (known + more).slice(0, MOST_TEXT);
}

function resolve(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}
