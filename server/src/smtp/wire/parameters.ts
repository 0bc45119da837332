/**
 * ESMTP parameters of MAIL and RCPT: known ones only, each once, each strictly in its own form.
 *
 * RFC 5321 §4.1.1.11 (form, 555) · RFC 1870 (SIZE) · RFC 6152 (BODY) · RFC 6531 §3.4 (SMTPUTF8) · RFC 2852 §4 (BY) · RFC 3461 §4 (RET, ENVID, NOTIFY, ORCPT) · RFC 4865 §4
 * (HOLDFOR, HOLDUNTIL) · RFC 4954 §5 (AUTH) · RFC 6710 §4 (MT-PRIORITY) · RFC 8689 §2 (REQUIRETLS)
 */
import type { RecipientParameters, SenderParameters } from './envelope.ts';
import { Refusal } from './refusal.ts';
import { decodeXtext, isXtext } from './xtext.ts';

/** Which optional parameters this door has offered. */
export interface ParameterOffer {
  readonly dsn: boolean;
  readonly auth: boolean;
  readonly requireTls?: boolean;
  readonly deliverBy?: boolean;
  /** RFC 4865; undefined: not offered. */
  readonly futureRelease?: FutureReleaseOffer | undefined;
  readonly priority?: boolean;
}

export interface FutureReleaseOffer {
  readonly maxSeconds: number;
  readonly nowMs: number;
}

const NO_SENDER_PARAMETERS: SenderParameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined };
const NO_RECIPIENT_PARAMETERS: RecipientParameters = { notify: undefined, originalRecipient: undefined };

/** What follows the path of MAIL. Throws Refusal 501 5.5.4 or 555 5.5.4. */
export function parseSenderParameters(text: string, offer: ParameterOffer): SenderParameters {
  if (text === '') return NO_SENDER_PARAMETERS;
  const { sizeBytes, body, smtpUtf8, ret, envelopeId } = NO_SENDER_PARAMETERS;
  const found: { -readonly [Name in keyof SenderParameters]: SenderParameters[Name] } = { sizeBytes, body, smtpUtf8, ret, envelopeId };
  for (const { keyword, value } of split(text)) {
    switch (keyword) {
      case 'SIZE':
        if (value === undefined || !/^[0-9]{1,20}$/.test(value)) throw bad('SIZE');
        found.sizeBytes = Number(value);
        break;
      case 'BODY': {
        const kind = value?.toUpperCase();
        if (kind !== '7BIT' && kind !== '8BITMIME') throw kind === 'BINARYMIME' ? unsupported('BODY=BINARYMIME') : bad('BODY');
        found.body = kind;
        break;
      }
      case 'SMTPUTF8':
        if (value !== undefined) throw bad('SMTPUTF8');
        found.smtpUtf8 = true;
        break;
      case 'RET': {
        if (!offer.dsn) throw unsupported(keyword);
        const what = value?.toUpperCase();
        if (what !== 'FULL' && what !== 'HDRS') throw bad('RET');
        found.ret = what;
        break;
      }
      case 'ENVID':
        if (!offer.dsn) throw unsupported(keyword);
        if (value === undefined || value.length > 100 || !isXtext(value)) throw bad('ENVID');
        found.envelopeId = decodeXtext(value);
        break;
      case 'AUTH':
        // Who wrote the message first, as the client says. We trust nobody's word on that, which RFC 4954 §5 lets us do: read and ignored.
        if (!offer.auth) throw unsupported(keyword);
        if (value === undefined || value.length > 500 || !isXtext(value)) throw bad('AUTH');
        break;
      case 'BY':
        if (offer.deliverBy !== true) throw unsupported(keyword);
        found.deliverBy = parseDeliverBy(value);
        break;
      case 'HOLDFOR':
      case 'HOLDUNTIL':
        if (offer.futureRelease === undefined) throw unsupported(keyword);
        if (found.holdSeconds !== undefined) throw new Refusal(501, '5.5.4', 'HOLDFOR and HOLDUNTIL exclude each other');
        found.holdSeconds = keyword === 'HOLDFOR' ? parseHoldFor(value) : parseHoldUntil(value, offer.futureRelease.nowMs);
        if (found.holdSeconds > offer.futureRelease.maxSeconds)
          throw new Refusal(501, '5.5.4', `A message can be held for ${offer.futureRelease.maxSeconds} seconds at most`);
        break;
      case 'MT-PRIORITY':
        if (offer.priority !== true) throw unsupported(keyword);
        if (value === undefined || !/^(?:0|-?[1-9])$/.test(value)) throw bad(keyword);
        found.mtPriority = Number(value);
        break;
      case 'REQUIRETLS':
        if (offer.requireTls !== true) throw unsupported(keyword);
        if (value !== undefined) throw bad(keyword);
        found.requireTls = true;
        break;
      default:
        throw unsupported(keyword);
    }
  }
  if (found.deliverBy !== undefined && found.holdSeconds !== undefined && found.deliverBy.seconds <= found.holdSeconds)
    throw new Refusal(501, '5.5.4', 'The message is to be held for longer than it may take');
  return found;
}

/** `120;R`, `-5;NT`: seconds, mode, trace. */
function parseDeliverBy(value: string | undefined): NonNullable<SenderParameters['deliverBy']> {
  const match = /^([+-]?[0-9]{1,9});([NR])(T?)$/i.exec(value ?? '');
  if (!match) throw bad('BY');
  const seconds = Number(match[1]);
  const mode = match[2]?.toUpperCase() === 'R' ? 'R' : 'N';
  // RFC 2852 §4.1.1: what is to be returned when it is late cannot be late already.
  if (mode === 'R' && seconds <= 0) throw bad('BY');
  return { seconds, mode, isTraced: match[3] !== '' };
}

function parseHoldFor(value: string | undefined): number {
  if (value === undefined || !/^[0-9]{1,9}$/.test(value)) throw bad('HOLDFOR');
  return Number(value);
}

/** A time of RFC 3339 §5.6 (RFC 4865, erratum 2040), with upper-case T and Z or a zone. A time that is over holds nothing. */
function parseHoldUntil(value: string | undefined, nowMs: number): number {
  const isForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i.test(value ?? '');
  const atMs = isForm ? Date.parse((value ?? '').toUpperCase().replace(/\.(\d{1,3})\d*/, '.$1')) : Number.NaN;
  if (Number.isNaN(atMs)) throw bad('HOLDUNTIL');
  return Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** What follows the path of RCPT. Throws Refusal 501 5.5.4 or 555 5.5.4. */
export function parseRecipientParameters(text: string, offer: ParameterOffer): RecipientParameters {
  if (text === '') return NO_RECIPIENT_PARAMETERS;
  let notify: readonly string[] | undefined;
  let originalRecipient: string | undefined;
  for (const { keyword, value } of split(text)) {
    if (!offer.dsn || (keyword !== 'NOTIFY' && keyword !== 'ORCPT')) throw unsupported(keyword);
    if (keyword === 'NOTIFY') notify = parseNotify(value);
    else originalRecipient = parseOriginalRecipient(value);
  }
  return { notify, originalRecipient };
}

function parseNotify(value: string | undefined): readonly string[] {
  const words = value?.toUpperCase().split(',') ?? [];
  const isGood = words.length > 0 && new Set(words).size === words.length && words.every((word) => /^(?:SUCCESS|FAILURE|DELAY|NEVER)$/.test(word));
  // NEVER stands alone (RFC 3461 §4.1).
  if (!isGood || (words.includes('NEVER') && words.length > 1)) throw bad('NOTIFY');
  return words;
}

/** Kept as it was written, `rfc822;jan@capri.example`: only the report decodes it. */
function parseOriginalRecipient(value: string | undefined): string {
  const semicolon = value?.indexOf(';') ?? -1;
  if (value === undefined || semicolon < 1 || value.length > 500) throw bad('ORCPT');
  if (!/^[A-Za-z0-9-]+$/.test(value.slice(0, semicolon)) || !/^[\u0021-\u007e\u0080-\uffff]+$/.test(value.slice(semicolon + 1))) throw bad('ORCPT');
  return value;
}

interface Parameter {
  /** Upper case. */
  readonly keyword: string;
  readonly value: string | undefined;
}

/** `KEYWORD[=value]` between single spaces, no keyword twice. */
function split(text: string): readonly Parameter[] {
  const parameters: Parameter[] = [];
  for (const word of text.split(' ')) {
    if (word === '') continue;
    const equals = word.indexOf('=');
    const keyword = (equals < 0 ? word : word.slice(0, equals)).toUpperCase();
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    if (!/^[A-Z0-9][A-Z0-9-]{0,63}$/.test(keyword) || value === '') throw new Refusal(501, '5.5.4', 'Malformed parameter');
    if (parameters.some((other) => other.keyword === keyword)) throw new Refusal(501, '5.5.4', `Parameter ${keyword} given twice`);
    if (parameters.length >= 16) throw new Refusal(501, '5.5.4', 'Too many parameters');
    parameters.push({ keyword, value });
  }
  return parameters;
}

function bad(keyword: string): Refusal {
  return new Refusal(501, '5.5.4', `Malformed ${keyword} parameter`);
}

function unsupported(keyword: string): Refusal {
  return new Refusal(555, '5.5.4', `Parameter ${keyword} is not supported`);
}
