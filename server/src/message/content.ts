/**
 * The MIME fields of one header block.
 *
 * RFC 2045 §5, §6, §7, §8 · RFC 2183 · RFC 1864 (Content-MD5) · RFC 3282 (Content-Language) · RFC 2557 (Content-Location)
 */
import { fieldId } from './field-names.ts';
import type { Header } from './header.ts';
import { cutOctets, trimOctets } from './octets.ts';
import { type Parameter, parseValueWithParameters } from './parameters.ts';
import type { Content } from './part.ts';

const TYPE = fieldId('content-type');
const ENCODING = fieldId('content-transfer-encoding');
const ID = fieldId('content-id');
const DESCRIPTION = fieldId('content-description');
const MD5 = fieldId('content-md5');
const DISPOSITION = fieldId('content-disposition');
const LANGUAGE = fieldId('content-language');
const LOCATION = fieldId('content-location');

/** What a header without Content-Type says. RFC 2045 §5.2 */
const PLAIN_PARAMETERS: readonly Parameter[] = [{ name: 'charset', value: 'us-ascii' }];
const TOKEN = /^[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+$/;
/** Octets kept of a text such as a description. */
const TEXT_LIMIT = 2048;
const LANGUAGE_LIMIT = 32;

/** A part without any field; `isInDigest`: directly inside multipart/digest, RFC 2046 §5.1.5. */
export function defaultContent(isInDigest: boolean): Content {
  return isInDigest ? EMPTY_DIGEST : EMPTY;
}

const EMPTY: Content = {
  type: 'text',
  subtype: 'plain',
  parameters: PLAIN_PARAMETERS,
  encoding: '7bit',
  id: undefined,
  description: undefined,
  md5: undefined,
  disposition: undefined,
  language: [],
  location: undefined,
};
const EMPTY_DIGEST: Content = { ...EMPTY, type: 'message', subtype: 'rfc822', parameters: [] };

/** Reads the fields; of repeated ones the first counts. */
export function contentOf(header: Header, isInDigest: boolean): Content {
  let typeAt = -1;
  let encodingAt = -1;
  let dispositionAt = -1;
  let languageAt = -1;
  let id: string | undefined;
  let description: string | undefined;
  let md5: string | undefined;
  let location: string | undefined;
  for (let i = header.count - 1; i >= 0; i--) {
    const field = header.idAt(i);
    if (field < 0) continue;
    if (field === TYPE) typeAt = i;
    else if (field === ENCODING) encodingAt = i;
    else if (field === DISPOSITION) dispositionAt = i;
    else if (field === LANGUAGE) languageAt = i;
    else if (field === ID) id = text(header, i);
    else if (field === DESCRIPTION) description = text(header, i);
    else if (field === MD5) md5 = text(header, i);
    else if (field === LOCATION) location = text(header, i);
  }
  const base = defaultContent(isInDigest);
  const media = typeAt < 0 ? base : (mediaType(header.valueAt(typeAt)) ?? EMPTY);
  const disposition = dispositionAt < 0 ? undefined : parseValueWithParameters(header.valueAt(dispositionAt));
  return {
    type: media.type,
    subtype: media.subtype,
    parameters: media.parameters,
    encoding: encodingAt < 0 ? '7bit' : encodingOf(header.valueAt(encodingAt)),
    id,
    description,
    md5,
    disposition: disposition !== undefined && (disposition.value !== '' || disposition.parameters.length > 0) ? disposition : undefined,
    language: languageAt < 0 ? NO_LANGUAGE : languages(header.valueAt(languageAt)),
    location: location?.replace(/ /g, ''),
  };
}

const NO_LANGUAGE: readonly string[] = [];

function text(header: Header, i: number): string | undefined {
  const value = header.valueAt(i);
  return value === '' ? undefined : cutOctets(value, TEXT_LIMIT);
}

interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: readonly Parameter[];
}

/** `type/subtype; parameters`; undefined for what has no such form, which RFC 2045 §5.2 lets us take for plain text. */
function mediaType(value: string): MediaType | undefined {
  const { value: full, parameters } = parseValueWithParameters(value);
  const slash = full.indexOf('/');
  if (slash < 1) return undefined;
  const type = trimOctets(full.slice(0, slash));
  // Behind the subtype some programs forget the semicolon: `text/plain charset=utf-8`.
  const rest = trimOctets(full.slice(slash + 1));
  const blank = rest.search(/[ \t]/);
  const subtype = blank < 0 ? rest : rest.slice(0, blank);
  if (type.length + subtype.length > 255 || !TOKEN.test(type) || !TOKEN.test(subtype)) return undefined;
  const missed = blank < 0 ? NO_PARAMETERS : parseValueWithParameters(`;${value.slice(value.search(/[ \t]/))}`).parameters;
  return { type, subtype, parameters: missed.length > parameters.length ? missed : parameters };
}

const NO_PARAMETERS: readonly Parameter[] = [];

/** The first token, lower case: `"quoted-printable" (comment)` and `7bit;` occur. */
function encodingOf(value: string): string {
  const token = /^[\s"']*([^\s"';(]+)/.exec(value.slice(0, 128))?.[1]?.toLowerCase() ?? '';
  if (token === '') return '7bit';
  return token === '7-bit' ? '7bit' : token === '8-bit' ? '8bit' : token;
}

function languages(value: string): readonly string[] {
  return value
    .replace(/\([^()]*\)/g, '')
    .split(',', LANGUAGE_LIMIT)
    .map((tag) => trimOctets(tag).slice(0, 64))
    .filter((tag) => tag !== '');
}
