/**
 * The ARC sets of a header, put in their order, and what can be said of the chain before any signature is verified.
 *
 * RFC 8617 §3.9, §4.1 (the three fields), §4.2.1 (instances, 50 at most), §5.2 steps 1 to 3
 */
import { parseBase64, parseNumber, trimFolding } from '../dkim/tag-list.ts';
import { domainOf } from '../dkim/signature.ts';
import type { DkimAlgorithm } from '../dkim/keys.ts';
import type { SignableFields } from '../dkim/canonical-header.ts';
import { type TaggedField, taggedFields } from '../dkim/tagged-field.ts';

export const LONGEST_CHAIN = 50;

/** An ARC-Seal that can be verified. */
export interface Seal {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly signature: Buffer;
}

export interface ArcSet {
  readonly instance: number;
  readonly results: number;
  readonly messageSignature: TaggedField;
  readonly sealField: TaggedField;
  readonly seal: Seal;
}

export type ArcChain =
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly instances: number; readonly sealers: readonly string[]; readonly reason: string; readonly isSealedAsFailed: boolean }
  /** By instance, from 1. */
  | { readonly kind: 'sets'; readonly sets: readonly ArcSet[] };

/** The octets under a seal before its own field: the sets before it, then the two other fields of its own set. §5.1.1 */
export function sealedOctets(fields: SignableFields, before: readonly ArcSet[], own: Pick<ArcSet, 'results' | 'messageSignature'> | undefined): string {
  let octets = '';
  for (const { results, messageSignature, sealField } of before) {
    for (const number of [results, messageSignature.number, sealField.number]) octets += fields.canonical(number, 'relaxed');
  }
  if (own !== undefined) for (const number of [own.results, own.messageSignature.number]) octets += fields.canonical(number, 'relaxed');
  return octets;
}

interface Fields {
  readonly results: Map<number, number>;
  readonly messageSignatures: Map<number, TaggedField>;
  readonly seals: Map<number, TaggedField>;
}

/** Reads the chain; any header is taken. */
export function readArcChain(header: SignableFields): ArcChain {
  const seals = taggedFields(header, 'arc-seal', LONGEST_CHAIN + 1);
  const signatures = taggedFields(header, 'arc-message-signature', LONGEST_CHAIN + 1);
  const results = header.numbersOf('arc-authentication-results').slice(0, LONGEST_CHAIN + 1);
  const count = Math.max(seals.length, signatures.length, results.length);
  if (count === 0) return { kind: 'none' };
  const fields: Fields = { results: new Map(), messageSignatures: new Map(), seals: new Map() };
  const problem = sort(header, { seals, signatures, results }, fields);
  const broken = (reason: string): ArcChain => ({
    kind: 'broken',
    instances: highest(fields),
    sealers: sealersOf(fields),
    reason,
    isSealedAsFailed: isSealedAsFailed(fields),
  });
  if (count > LONGEST_CHAIN) return broken(`more than ${LONGEST_CHAIN} sets`);
  if (problem !== undefined) return broken(problem);
  const sets: ArcSet[] = [];
  for (let instance = 1; instance <= count; instance++) {
    const set = readSet(fields, instance, count);
    if (typeof set === 'string') return broken(set);
    sets.push(set);
  }
  return { kind: 'sets', sets };
}

/** Sorts the fields by their instance; the reason where one has none, or two have the same. */
function sort(
  header: SignableFields,
  from: { readonly seals: readonly TaggedField[]; readonly signatures: readonly TaggedField[]; readonly results: readonly number[] },
  fields: Fields,
): string | undefined {
  let problem: string | undefined;
  const add = <T>(to: Map<number, T>, instance: number | undefined, field: T, name: string): void => {
    if (instance === undefined) problem ??= `${name} without a readable instance`;
    else if (to.has(instance)) problem ??= `two ${name} of instance ${instance}`;
    else to.set(instance, field);
  };
  for (const field of from.seals) add(fields.seals, instanceOf(field), field, 'ARC-Seal');
  for (const field of from.signatures) add(fields.messageSignatures, instanceOf(field), field, 'ARC-Message-Signature');
  for (const number of from.results) add(fields.results, splitResults(header.raw(number))?.instance, number, 'ARC-Authentication-Results');
  return problem;
}

/** The set, or why it is none. */
function readSet(fields: Fields, instance: number, count: number): ArcSet | string {
  const results = fields.results.get(instance);
  const messageSignature = fields.messageSignatures.get(instance);
  const sealField = fields.seals.get(instance);
  if (results === undefined || messageSignature === undefined || sealField === undefined) return `set ${instance} is not whole`;
  const cv = cvOf(sealField);
  if (cv === 'fail') return instance === count ? 'a server on the way found the chain broken' : `seal ${instance} says cv=fail and others follow`;
  if (cv !== (instance === 1 ? 'none' : 'pass')) return `seal ${instance} has a wrong cv=`;
  const seal = readSeal(sealField);
  return typeof seal === 'string' ? `seal ${instance}: ${seal}` : { instance, results, messageSignature, sealField, seal };
}

function readSeal({ tags }: TaggedField): Seal | string {
  const value = (name: string): string => tags?.get(name)?.value ?? '';
  // §4.1.3: a seal covers the sets and nothing else; one that says otherwise is invalid.
  if (tags?.has('h') === true || tags?.has('bh') === true) return 'h= or bh= in a seal';
  const algorithm = value('a');
  if (algorithm !== 'rsa-sha256' && algorithm !== 'ed25519-sha256') return 'unknown algorithm';
  const domain = domainOf(value('d'));
  const selector = domainOf(value('s'));
  const signature = parseBase64(value('b'));
  if (domain === undefined || selector === undefined) return 'd= or s= is no domain name';
  if (signature === undefined) return 'b= is no base64';
  if (tags?.has('t') === true && parseNumber(value('t'), 12) === undefined) return 't= is no number';
  return { domain, selector, algorithm, signature };
}

function instanceOf({ tags }: TaggedField): number | undefined {
  const number = parseNumber(tags?.get('i')?.value ?? '', 3);
  return number !== undefined && number >= 1 && number <= LONGEST_CHAIN ? number : undefined;
}

/** Parts of an ARC-Authentication-Results field: its instance, and what follows. §4.1.1 */
export function splitResults(raw: string): { readonly instance: number; readonly text: string } | undefined {
  const colon = raw.indexOf(':');
  const semicolon = raw.indexOf(';', colon);
  if (semicolon < 0) return undefined;
  const match = INSTANCE.exec(trimFolding(raw.slice(colon + 1, semicolon)));
  const instance = match?.[1] === undefined ? 0 : Number(match[1]);
  if (instance < 1 || instance > LONGEST_CHAIN) return undefined;
  return { instance, text: trimFolding(raw.slice(semicolon + 1)).replace(LINE_END, '') };
}

const INSTANCE = /^i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,3})$/;
const LINE_END = /\r?\n/g;

function highest({ results, messageSignatures, seals }: Fields): number {
  return Math.max(0, ...results.keys(), ...messageSignatures.keys(), ...seals.keys());
}

/** The newest seal says cv=fail: the chain ends there. */
function isSealedAsFailed(fields: Fields): boolean {
  return cvOf(fields.seals.get(highest(fields))) === 'fail';
}

function cvOf(seal: TaggedField | undefined): string | undefined {
  return seal?.tags?.get('cv')?.value.toLowerCase();
}

/** Who sealed, the newest first, as far as it can be read. */
function sealersOf({ seals }: Fields): readonly string[] {
  return [...seals.entries()].toSorted(([a], [b]) => b - a).flatMap(([, { tags }]) => domainOf(tags?.get('d')?.value ?? '') ?? []);
}
