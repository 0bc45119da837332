/**
 * Messages that the server writes itself: notices, bounces, replies of a vacation script.
 *
 * RFC 5322 · RFC 2045 · RFC 2046 §5.1 · RFC 2047 · RFC 2183 · RFC 6532 (headers in UTF-8 where the reader takes them)
 *
 * Pure: time and the unique part of ids and boundaries are arguments.
 */
import type { Mailbox } from './address.ts';
import { formatAddress } from './address.ts';
import { formatDate } from './date.ts';
import { encodeParameter, encodePhrase, encodeText, foldField } from './encode-word.ts';
import { withCrlf } from './header.ts';
import { encodeBase64, encodeQuotedPrintable, encodingFor } from './transfer-encode.ts';

/** A field of our own: text is encoded and folded, addresses are formatted, `raw` is written as it is (ASCII, folded only). */
export type BuiltField =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly addresses: readonly Mailbox[] }
  | { readonly name: string; readonly raw: string };

export type BuiltPart =
  | {
      readonly kind: 'text';
      /** `plain`, `html`. */
      readonly subtype: string;
      readonly text: string;
      readonly parameters?: Readonly<Record<string, string>>;
      readonly disposition?: Disposition;
      readonly fields?: readonly BuiltField[];
    }
  | {
      readonly kind: 'bytes';
      /** `message/rfc822`, `application/pdf`. */
      readonly type: string;
      readonly bytes: Uint8Array;
      /** Message types are never transfer-encoded (RFC 2046 §5.2.1); for others the plainest encoding is chosen unless `base64` is asked for. */
      readonly encoding?: 'identity' | 'base64';
      readonly parameters?: Readonly<Record<string, string>>;
      readonly disposition?: Disposition;
      readonly fields?: readonly BuiltField[];
    }
  | {
      readonly kind: 'multipart';
      /** `mixed`, `alternative`, `report`. */
      readonly subtype: string;
      readonly parts: readonly BuiltPart[];
      readonly parameters?: Readonly<Record<string, string>>;
    };

export interface Disposition {
  readonly value: 'attachment' | 'inline';
  readonly fileName?: string;
}

export interface BuildOptions {
  /** Letters and digits that occur in no other message: for the boundaries. */
  readonly unique: string;
  /** Whether 8bit content may be written; else texts are made ASCII. */
  readonly allowsEightBit?: boolean;
  /** Whether header fields may be UTF-8 (SMTPUTF8); else they are encoded words, and addresses must be ASCII. */
  readonly allowsUtf8Header?: boolean;
}

/** Writes a whole message. MIME-Version is added. */
export function buildMessage(fields: readonly BuiltField[], body: BuiltPart, options: BuildOptions): Buffer {
  const header = fields.map((field) => writeField(field, options)).join('');
  return Buffer.concat([Buffer.from(`${header}MIME-Version: 1.0\r\n`, 'utf8'), buildPart(body, options, '0')]);
}

/** The Date field's value of a moment, in UTC or with an offset. */
export function dateField(ms: number, offsetMinutes: number = 0): BuiltField {
  return { name: 'Date', raw: formatDate(ms, offsetMinutes) };
}

/** `<unique.time@domain>`: `unique` must not repeat on this server. */
export function messageIdField(unique: string, ms: number, domain: string): BuiltField {
  return { name: 'Message-ID', raw: `<${ms.toString(36)}.${unique}@${domain}>` };
}

/** One header field, encoded and folded, with its line end. */
export function writeField(field: BuiltField, options: Pick<BuildOptions, 'allowsUtf8Header'> = {}): string {
  if ('raw' in field) return foldField(field.name, field.raw);
  if ('text' in field) return foldField(field.name, options.allowsUtf8Header === true ? field.text.replace(/\p{Cc}+/gu, ' ') : encodeText(field.text));
  return foldField(field.name, field.addresses.map((mailbox) => formatMailbox(mailbox, options.allowsUtf8Header === true)).join(', '));
}

/** `name <local@domain>`. */
export function formatMailbox(mailbox: Mailbox, allowsUtf8: boolean = false): string {
  const address = formatAddress(mailbox.localPart, mailbox.domain);
  if (mailbox.name === undefined || mailbox.name === '') return address;
  const name = allowsUtf8 ? `"${mailbox.name.replace(/\p{Cc}+/gu, ' ').replace(/["\\]/g, '\\$&')}"` : encodePhrase(mailbox.name);
  return `${name} <${address}>`;
}

function buildPart(part: BuiltPart, options: BuildOptions, place: string): Buffer {
  switch (part.kind) {
    case 'text': {
      const bytes = withCrlf(Buffer.from(part.text.replace(/\r\n?/g, '\n'), 'utf8'));
      const encoding = encodingFor(bytes, options.allowsEightBit === true);
      const type = contentType(`text/${part.subtype}`, { charset: 'utf-8', ...part.parameters });
      return joinPart(
        [type, ...partFields(part, encoding, options)],
        encoding === 'base64' ? encodeBase64(bytes) : encoding === 'quoted-printable' ? encodeQuotedPrintable(bytes) : bytes,
      );
    }
    case 'bytes': {
      const bytes = Buffer.from(part.bytes);
      const isMessage = part.type.startsWith('message/');
      const natural = encodingFor(bytes, isMessage || options.allowsEightBit === true);
      const isBase64 = part.encoding === 'base64' || (part.encoding === undefined && !isMessage && (natural === 'base64' || natural === 'quoted-printable'));
      const encoding = isBase64 ? 'base64' : natural === '7bit' ? '7bit' : '8bit';
      return joinPart([contentType(part.type, part.parameters ?? {}), ...partFields(part, encoding, options)], isBase64 ? encodeBase64(bytes) : bytes);
    }
    case 'multipart': {
      const parts = part.parts.map((child, i) => buildPart(child, options, `${place}.${i}`));
      const boundary = freeBoundary(parts, `=_${options.unique}.${place}`);
      const pieces: Buffer[] = [Buffer.from(`${contentType(`multipart/${part.subtype}`, { ...part.parameters, boundary })}\r\n`, 'latin1')];
      for (const child of parts) pieces.push(Buffer.from(`--${boundary}\r\n`, 'latin1'), child, Buffer.from('\r\n', 'latin1'));
      pieces.push(Buffer.from(`--${boundary}--\r\n`, 'latin1'));
      return Buffer.concat(pieces);
    }
  }
}

/** The boundary, lengthened until no part contains it. */
function freeBoundary(parts: readonly Buffer[], wish: string): string {
  let boundary = wish;
  while (parts.some((part) => part.includes(`--${boundary}`))) boundary += '_';
  return boundary;
}

function joinPart(fields: readonly string[], body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${fields.join('')}\r\n`, 'utf8'), body]);
}

function partFields(part: Extract<BuiltPart, { kind: 'text' | 'bytes' }>, encoding: string, options: BuildOptions): readonly string[] {
  const fields = [`Content-Transfer-Encoding: ${encoding}\r\n`];
  if (part.disposition !== undefined) {
    const { value, fileName } = part.disposition;
    fields.push(foldField('Content-Disposition', [value, ...(fileName === undefined ? [] : encodeParameter('filename', fileName))].join('; ')));
  }
  for (const field of part.fields ?? []) fields.push(writeField(field, options));
  return fields;
}

function contentType(type: string, parameters: Readonly<Record<string, string>>): string {
  return foldField('Content-Type', [type, ...Object.entries(parameters).flatMap(([name, value]) => encodeParameter(name, value))].join('; '));
}
