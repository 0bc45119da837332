/**
 * The first words of a message, for lists.
 *
 * RFC 8970 §3.2: at most 256 characters, without formatting, white space collapsed; quoted text and the signature are no preview of what is new.
 */
import { decodeCharset } from './charset.ts';
import { htmlToText } from './html-text.ts';
import { findParameter } from './parameters.ts';
import type { TextSample } from './part.ts';
import { decodeTransfer } from './transfer.ts';
import { transferEncodingOf } from './transfer-encoding.ts';

/** Characters (UTF-16 units) of a preview. */
export const PREVIEW_LIMIT = 256;
/** Octets that are decoded in the first try; most texts need no more. */
const FIRST_TRY = 640;

/** The preview from the samples that the parser kept; empty where there is no text. */
export function previewOf(plain: TextSample | undefined, html: TextSample | undefined): string {
  const first = plain === undefined ? '' : previewOfSample(plain);
  return first === '' && html !== undefined ? previewOfSample(html) : first;
}

function previewOfSample(sample: TextSample): string {
  const short = sample.bytes.length > FIRST_TRY ? previewOfText(textOf(sample, FIRST_TRY), sample) : '';
  return short.length >= PREVIEW_LIMIT ? short : previewOfText(textOf(sample, sample.bytes.length), sample);
}

function textOf(sample: TextSample, length: number): string {
  const { content } = sample.part;
  const decoded = decodeTransfer(sample.bytes.subarray(0, length), transferEncodingOf(content.encoding));
  return decodeCharset(decoded, findParameter(content.parameters, 'charset')?.value ?? '');
}

function previewOfText(text: string, sample: TextSample): string {
  if (sample.part.content.subtype === 'html') return squeeze(htmlToText(text, PREVIEW_LIMIT * 4));
  const preview = squeeze(withoutQuotes(text));
  return preview === '' ? squeeze(text) : preview;
}

/** The lines that are not quoted, up to the signature. */
function withoutQuotes(text: string): string {
  const signature = text.indexOf('-- ') < 0 ? null : SIGNATURE.exec(text);
  const own = signature === null ? text : text.slice(0, signature.index);
  return own.indexOf('>') < 0 ? own : own.replace(QUOTED_LINES, '');
}

const SIGNATURE = /(?:^|\n)-- \r?\n/;
const QUOTED_LINES = /^>.*$/gm;

function squeeze(text: string): string {
  // Most of a text is not needed: what follows goes over every character.
  let short = visible(text.slice(0, PREVIEW_LIMIT * 2));
  if (short.length < PREVIEW_LIMIT && text.length > PREVIEW_LIMIT * 2) short = visible(text.slice(0, SQUEEZED));
  if (short.startsWith(' ')) short = short.slice(1);
  if (short.length > PREVIEW_LIMIT) {
    const last = short.charCodeAt(PREVIEW_LIMIT - 1);
    short = short.slice(0, last >= 0xd800 && last <= 0xdbff ? PREVIEW_LIMIT - 1 : PREVIEW_LIMIT);
  }
  return short.trimEnd();
}

/** Characters that are looked at where white space and quotes fill the beginning. */
const SQUEEZED = 16 * 1024;

function visible(text: string): string {
  const short = text.replace(WHITE, ' ');
  return HIDDEN.test(short) ? short.replace(HIDDEN_RUNS, '').replace(WHITE, ' ') : short;
}

/** What newsletters hide behind their first words, and controls. The joiner of emoji (U+200D) stays. */
const HIDDEN = /[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe]|\u034f|\u115f|\u1160|\u17b4|\u17b5|\uffa0|\0/;
const HIDDEN_RUNS = new RegExp(`(?:${HIDDEN.source})+`, 'g');
/** White space that is not a single space. */
const WHITE = /\s{2,}|[^\S ]/g;
