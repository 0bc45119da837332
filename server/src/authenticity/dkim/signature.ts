/**
 * DKIM-Signature and ARC-Message-Signature fields as data.
 *
 * RFC 6376 §3.5, §6.1.1 · RFC 8301 §3.1 (algorithms) · RFC 8463 §3 · RFC 8616 §4 (`d=` and `i=` in UTF-8) · RFC 8617 §4.1.2 (the ARC form: an instance in `i=`, no `v=`)
 */
import { textOfOctets } from '#message/octets.ts';
import { domainToName, isAtOrBelow } from '../domain-name.ts';
import type { Canonicalization } from './canonical-header.ts';
import type { DkimAlgorithm } from './keys.ts';
import { parseBase64, parseNumber, splitList, type TagList, withoutFolding } from './tag-list.ts';

/** A signature that can be verified. */
export interface Signature {
  /** A-labels, lower case. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  /** `i=`, or `@d`; not for ARC. */
  readonly identity: string;
  /** A-labels, lower case. */
  readonly identityDomain: string;
  readonly headerCanonicalization: Canonicalization;
  readonly bodyCanonicalization: Canonicalization;
  /** Lower case, as often as they stand there. */
  readonly signedFields: readonly string[];
  readonly bodyHash: Buffer;
  readonly signature: Buffer;
  /** `l=`; Infinity where there is none. */
  readonly bodyLength: number;
  /** Seconds. */
  readonly signedAtS: number | undefined;
  readonly expiresAtS: number | undefined;
}

/** What of a signature could be read, for the report. */
export interface SignatureLabels {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  readonly identity: string;
  /** The first characters of `b=`. RFC 6008 */
  readonly signatureStart: string;
}

/** Why a field is no signature that could be verified. `fail`: an algorithm that proves nothing any more. */
export interface Unverifiable {
  readonly result: 'neutral' | 'fail' | 'permerror';
  readonly reason: string;
}

export type ParsedSignature = { readonly labels: SignatureLabels } & ({ readonly signature: Signature } | { readonly problem: Unverifiable });

const TIME_DIGITS = 12;
/** §3.5: `l=` has 76 digits at most; a body that long does not come. */
const LENGTH_DIGITS = 15;
const SIGNATURE_START = 8;
const LONGEST_LABEL = 255;
const BODY_HASH_OCTETS = 32;

/** The tags of a DKIM-Signature, or undefined where the field is no list of tags. */
export function parseDkimSignature(tags: TagList | undefined): ParsedSignature {
  return parse(tags, labelsOf(tags), 'dkim');
}

/** The same for an ARC-Message-Signature. */
export function parseArcMessageSignature(tags: TagList | undefined): ParsedSignature {
  return parse(tags, labelsOf(tags), 'arc');
}

function parse(tags: TagList | undefined, labels: SignatureLabels, form: 'dkim' | 'arc'): ParsedSignature {
  const neutral = (reason: string): ParsedSignature => ({ labels, problem: { result: 'neutral', reason } });
  if (tags === undefined) return neutral('the signature cannot be read');
  const missing = (form === 'dkim' ? REQUIRED : ARC_REQUIRED).find((name) => !tags.has(name));
  if (missing !== undefined) return neutral(`the signature has no ${missing}=`);
  const value = (name: string): string => tags.get(name)?.value ?? '';
  if (form === 'dkim' && value('v') !== '1') return neutral('the signature has an unknown version');
  const algorithm = value('a');
  if (algorithm === 'rsa-sha1') return { labels, problem: { result: 'fail', reason: 'rsa-sha1 proves nothing any more (RFC 8301)' } };
  if (algorithm !== 'rsa-sha256' && algorithm !== 'ed25519-sha256') return neutral('unknown algorithm');
  if (tags.has('q') && !splitList(value('q')).includes('dns/txt')) return neutral('unknown way to the key (q=)');
  const { domain, selector } = labels;
  if (domain === '' || selector === '') return neutral('d= or s= is no domain name');
  const canonicalizations = parseCanonicalizations(value('c'));
  if (canonicalizations === undefined) return neutral('unknown canonicalization');
  const bodyHash = parseBase64(value('bh'));
  const signature = parseBase64(value('b'));
  if (bodyHash?.length !== BODY_HASH_OCTETS || signature === undefined) return neutral('bh= or b= is no base64 of the right length');
  const signedFields = splitList(value('h')).map((name) => name.toLowerCase());
  const bodyLength = tags.has('l') ? parseNumber(value('l'), LENGTH_DIGITS) : Infinity;
  const signedAtS = optionalTime(tags, 't');
  const expiresAtS = optionalTime(tags, 'x');
  if (bodyLength === undefined || signedAtS === UNREADABLE || expiresAtS === UNREADABLE) return neutral('l=, t= or x= is no number');
  if (signedAtS !== undefined && expiresAtS !== undefined && expiresAtS <= signedAtS) return neutral('x= is not later than t=');
  const given = form === 'dkim' && tags.has('i') ? withoutFolding(value('i')) : undefined;
  const identityDomain = given === undefined ? domain : identityDomainOf(given, domain);
  if (identityDomain === undefined) return neutral('i= is not under d=');
  if (form === 'dkim' && !signedFields.includes('from')) return { labels, problem: { result: 'permerror', reason: 'From is not signed' } };
  return {
    labels,
    signature: {
      domain,
      selector,
      algorithm,
      identity: given ?? `@${domain}`,
      identityDomain,
      ...canonicalizations,
      signedFields,
      bodyHash,
      signature,
      bodyLength,
      signedAtS,
      expiresAtS,
    },
  };
}

const REQUIRED = ['v', 'a', 'b', 'bh', 'd', 'h', 's'] as const;
const ARC_REQUIRED = ['i', 'a', 'b', 'bh', 'd', 'h', 's'] as const;

/** The name of a domain or a selector, A-labels in lower case; §3.5 knows no final dot, RFC 8616 lets U-labels stand in UTF-8. Undefined where it is none. */
export function domainOf(octets: string): string | undefined {
  if (octets.length > LONGEST_LABEL || octets.endsWith('.')) return undefined;
  return domainToName(textOfOctets(octets));
}

/** The domain of `i=`, which must be `d=` or below it. */
function identityDomainOf(identity: string, domain: string): string | undefined {
  const name = domainOf(identity.slice(identity.lastIndexOf('@') + 1));
  return name !== undefined && identity.includes('@') && isAtOrBelow(name, domain) ? name : undefined;
}

type Canonicalizations = Pick<Signature, 'headerCanonicalization' | 'bodyCanonicalization'>;

/** `c=`: of the header, and of the body where a slash says so. */
function parseCanonicalizations(text: string): Canonicalizations | undefined {
  const slash = text.indexOf('/');
  const header = text === '' ? 'simple' : canonicalization(slash < 0 ? text : text.slice(0, slash));
  const body = slash < 0 ? 'simple' : canonicalization(text.slice(slash + 1));
  return header && body && { headerCanonicalization: header, bodyCanonicalization: body };
}

function canonicalization(name: string): Canonicalization | undefined {
  return name === 'simple' ? 'simple' : name === 'relaxed' ? 'relaxed' : undefined;
}

const UNREADABLE = -1;

/** Seconds; undefined where the tag is not there. */
function optionalTime(tags: TagList, name: string): number | undefined {
  const tag = tags.get(name);
  return tag === undefined ? undefined : (parseNumber(tag.value, TIME_DIGITS) ?? UNREADABLE);
}

function labelsOf(tags: TagList | undefined): SignatureLabels {
  const value = (name: string): string => tags?.get(name)?.value ?? '';
  const domain = domainOf(value('d')) ?? '';
  return {
    domain,
    selector: domainOf(value('s')) ?? '',
    algorithm: label(value('a')),
    identity: label(withoutFolding(value('i'))) || (domain === '' ? '' : `@${domain}`),
    signatureStart: withoutFolding(value('b').slice(0, 100))
      .replace(/[^A-Za-z0-9+/=]/g, '')
      .slice(0, SIGNATURE_START),
  };
}

/** What a stranger wrote, fit for a log or a header field: printable, and not long. */
function label(octets: string): string {
  return /^[!-~]*$/.test(octets) ? octets.slice(0, LONGEST_LABEL) : '';
}
