/**
 * The Sender Rewriting Scheme: the envelope of a forwarded message names us, so that SPF passes at the next server, and holds the true sender, so that bounces
 * find the way back.
 *
 * "SRS: The Sender Rewriting Scheme" (M. Shevek Wade, 2004), the formats SRS0 and SRS1 · RFC 5321 §4.5.5 (the null reverse-path stays null) · RFC 7208 §10.3 (mediators)
 *
 *     SRS0=hash=time=domain=local            the first forwarder
 *     SRS1=hash=host==hash=time=domain=local  a later one: `host` is the first, what follows is its own and is not taken apart
 *
 * The hash is keyed and compared without case, since servers on the way may change the case of a local part; the local part itself goes back as it comes. Only
 * what we have signed leads anywhere: everything else is an unknown address. The time is a day, in 1,024 of them a circle.
 *
 * Behind the hash may stand a tag, in the same letters, that the hash covers: what was sent on by which forward (forward-tag.ts). To everybody else the two are one field
 * that means nothing.
 *
 * Deviation: the hash has 40 bits (8 letters of base32) instead of the 24 of the original's 4 letters of base64, which lose half of their worth without case.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SrsAddress {
  readonly localPart: string;
  readonly domain: string;
}

export interface Srs {
  /** Of the addresses that are made. */
  readonly domain: string;
  /** The newest first: it makes hashes, all are taken. Never empty. */
  readonly secrets: readonly Uint8Array[];
  /** How long an address leads back. */
  readonly validDays: number;
}

/** What an SRS address leads to. */
export type SrsAnswer =
  | { readonly kind: 'sender'; readonly address: SrsAddress; readonly tag?: string }
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired' };

const DAY_MS = 24 * 3600 * 1000;
const CIRCLE = 1024;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LENGTH = 8;

/** Whether a local part has the form, whoever made it. */
export function isSrs(localPart: string): boolean {
  return /^SRS[01][=+-]/i.test(localPart);
}

/** The address under which a message of `sender` is sent on. The tag is made of lower-case letters and the digits 2 to 7, 32 at most, or empty. */
export function srsForward(srs: Srs, sender: SrsAddress, nowMs: number, tag: string = ''): SrsAddress {
  const { localPart } = sender;
  // Another forwarder's: the bounce goes to it at once, past whoever stood between.
  const second = /^SRS1[=+-][^=]+=([^=]+)=([=+-].+)$/is.exec(localPart);
  if (second) return srs1(srs, second[1] ?? '', second[2] ?? '', tag);
  if (/^SRS0[=+-][^=]+=[^=]+=[^=]+=./is.test(localPart)) return srs1(srs, sender.domain, localPart.slice(4), tag);
  const time = timeOf(Math.floor(nowMs / DAY_MS));
  const hash = hashOf(srs.secrets[0], kindOf('SRS0', tag), [time, sender.domain, localPart]);
  return { localPart: `SRS0=${hash}${tag}=${time}=${sender.domain}=${localPart}`, domain: srs.domain };
}

/** Where mail for an SRS address of ours goes. Never throws. */
export function srsReverse(srs: Srs, localPart: string, nowMs: number): SrsAnswer {
  const first = /^SRS0[=+-]([^=]+)=([^=]+)=([^=]+)=(.+)$/is.exec(localPart);
  if (first) {
    const [, signed = '', time = '', domain = '', local = ''] = first;
    const tag = tagOf(srs, signed, 'SRS0', [time, domain, local]);
    if (tag === undefined) return { kind: 'forged' };
    if (!isInTime(time, nowMs, srs.validDays)) return { kind: 'expired' };
    return { kind: 'sender', address: { localPart: local, domain: domain.toLowerCase() }, ...(tag !== '' && { tag }) };
  }
  const second = /^SRS1[=+-]([^=]+)=([^=]+)=([=+-].+)$/is.exec(localPart);
  if (!second) return { kind: 'forged' };
  const [, signed = '', host = '', rest = ''] = second;
  const tag = tagOf(srs, signed, 'SRS1', [host, rest]);
  if (tag === undefined) return { kind: 'forged' };
  return { kind: 'sender', address: { localPart: `SRS0${rest}`, domain: host.toLowerCase() }, ...(tag !== '' && { tag }) };
}

function srs1(srs: Srs, host: string, rest: string, tag: string): SrsAddress {
  return { localPart: `SRS1=${hashOf(srs.secrets[0], kindOf('SRS1', tag), [host, rest])}${tag}=${host}=${rest}`, domain: srs.domain };
}

/** Without a tag as before there were any. */
function kindOf(form: 'SRS0' | 'SRS1', tag: string): string {
  return tag === '' ? form : `${form} ${tag}`;
}

function hashOf(secret: Uint8Array | undefined, kind: string, parts: readonly string[]): string {
  if (secret === undefined) throw new Error('SRS has no secret');
  const digest = createHmac('sha256', secret)
    .update([kind, ...parts].join('\0').toLowerCase())
    .digest();
  let hash = '';
  let bits = 0;
  let held = 0;
  for (const octet of digest) {
    bits = (bits << 8) | octet;
    held += 8;
    while (held >= 5 && hash.length < HASH_LENGTH) {
      held -= 5;
      hash += BASE32[(bits >> held) & 31];
    }
    bits &= (1 << held) - 1;
    if (hash.length === HASH_LENGTH) break;
  }
  return hash;
}

/** The tag behind a hash that is ours; undefined where it is not. */
function tagOf({ secrets }: Srs, signed: string, form: 'SRS0' | 'SRS1', parts: readonly string[]): string | undefined {
  const given = Buffer.from(signed.slice(0, HASH_LENGTH).toLowerCase());
  const tag = signed.slice(HASH_LENGTH).toLowerCase();
  if (given.length !== HASH_LENGTH || !/^[a-z2-7]{0,32}$/.test(tag)) return undefined;
  return secrets.some((secret) => timingSafeEqual(given, Buffer.from(hashOf(secret, kindOf(form, tag), parts)))) ? tag : undefined;
}

function timeOf(day: number): string {
  const place = day % CIRCLE;
  return `${BASE32[place >> 5] ?? ''}${BASE32[place & 31] ?? ''}`;
}

/** A day too early is let pass: clocks of two of our machines may differ. */
function isInTime(time: string, nowMs: number, validDays: number): boolean {
  const [high = '', low = ''] = time.toLowerCase();
  const place = BASE32.indexOf(high) * 32 + BASE32.indexOf(low);
  const age = (Math.floor(nowMs / DAY_MS) - place + 1 + 2 * CIRCLE) % CIRCLE;
  return age <= validDays + 1;
}
