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
const FIRST_TRY = 1024;

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
  return preview === '' ? squeeze(text.slice(0, PREVIEW_LIMIT * 8)) : preview;
}

/** The lines that are not quoted, up to the signature. */
function withoutQuotes(text: string): string {
  const signature = SIGNATURE.exec(text);
  const own = signature === null ? text : text.slice(0, signature.index);
  return own.indexOf('>') < 0 ? own.slice(0, PREVIEW_LIMIT * 4) : own.replace(QUOTED_LINES, '').slice(0, PREVIEW_LIMIT * 4);
}

const SIGNATURE = /(?:^|\n)-- \r?\n/;
const QUOTED_LINES = /^>.*$/gm;

/** White space and characters without width collapsed; cut at the limit, not inside a character. */
function squeeze(text: string): string {
  let short = text.replace(WHITE, ' ');
  if (HIDDEN.test(short)) short = short.replace(HIDDEN_RUNS, '').replace(WHITE, ' ');
  if (short.startsWith(' ')) short = short.slice(1);
  if (short.length > PREVIEW_LIMIT) {
    const last = short.charCodeAt(PREVIEW_LIMIT - 1);
    short = short.slice(0, last >= 0xd800 && last <= 0xdbff ? PREVIEW_LIMIT - 1 : PREVIEW_LIMIT);
  }
  return short.trimEnd();
}

/** What newsletters hide behind their first words, and controls. The joiner of emoji (U+200D) stays. */
const HIDDEN = /[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe]|\u034f|\u115f|\u1160|\u17b4|\u17b5|\uffa0|\0/;
const HIDDEN_RUNS = new RegExp(`(?:${HIDDEN.source})+`, 'g');
const WHITE = /\s+/g;
