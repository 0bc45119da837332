/**
 * SPF records as text: the whole record is read before any of it is evaluated, because an error anywhere in it counts (§4.6).
 *
 * RFC 7208 §4.5, §4.6.1, §5, §6, §12
 */
import { isIPv6 } from 'node:net';
import { addressOctets } from './network.ts';
import { parseDomainSpec, parseMacroString, type Piece } from './macro.ts';

export type Qualifier = '+' | '-' | '~' | '?';

interface Directive {
  readonly qualifier: Qualifier;
  /** The term as written. */
  readonly text: string;
}

export type Mechanism = Directive &
  (
    | { readonly kind: 'all' }
    | { readonly kind: 'include' | 'exists'; readonly domain: readonly Piece[] }
    | { readonly kind: 'ptr'; readonly domain: readonly Piece[] | undefined }
    | { readonly kind: 'a' | 'mx'; readonly domain: readonly Piece[] | undefined; readonly bits4: number; readonly bits6: number }
    | { readonly kind: 'ip'; readonly network: Uint8Array; readonly bits: number }
  );

export interface SpfRecord {
  readonly mechanisms: readonly Mechanism[];
  readonly redirect: readonly Piece[] | undefined;
  readonly explanation: readonly Piece[] | undefined;
}

/** A record that is not what the grammar allows; the message is for people. */
export interface SpfSyntaxError {
  readonly error: string;
}

const VERSION = /^v=spf1(?: |$)/i;
const MODIFIER = /^([a-z][a-z0-9._-]*)=(.*)$/is;
const MECHANISM = /^([-+?~]?)([a-z][a-z0-9]*)(?=[:/]|$)/i;
const CIDR = /(?:\/(0|[1-9]\d?))?(?:\/\/(0|[1-9]\d{0,2}))?$/;
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const NETWORK_4 = new RegExp(`^(${OCTET}(?:\\.${OCTET}){3})(?:/(0|[1-9]\\d?))?$`);
const NETWORK_6 = /^([0-9a-f:.]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/i;
const LONGEST_RECORD = 65_535;
const LONGEST_QUOTE = 80;

/** Whether a TXT record is an SPF record (§4.5); the others at a name do not matter. */
export function isSpfRecord(text: string): boolean {
  return VERSION.test(text);
}

/** Reads a record (one character an octet) that `isSpfRecord`. */
export function parseSpfRecord(text: string): SpfRecord | SpfSyntaxError {
  if (text.length > LONGEST_RECORD) return { error: 'the record is too long' };
  const mechanisms: Mechanism[] = [];
  let redirect: readonly Piece[] | undefined;
  let explanation: readonly Piece[] | undefined;
  for (const term of text.slice('v=spf1'.length).split(' ')) {
    if (term === '') continue;
    const modifier = MODIFIER.exec(term);
    if (!modifier) {
      const mechanism = parseMechanism(term);
      if (!mechanism) return { error: `"${quote(term)}" is no SPF term` };
      mechanisms.push(mechanism);
      continue;
    }
    const name = (modifier[1] as string).toLowerCase();
    const value = modifier[2] as string;
    const isKnown = name === 'redirect' || name === 'exp';
    const pieces = isKnown ? parseDomainSpec(value) : parseMacroString(value, 'term');
    if (!pieces) return { error: `"${quote(term)}" has no valid value` };
    if ((name === 'redirect' && redirect) || (name === 'exp' && explanation)) return { error: `${name}= is there twice` };
    if (name === 'redirect') redirect = pieces;
    if (name === 'exp') explanation = pieces;
  }
  return { mechanisms, redirect, explanation };
}

function parseMechanism(text: string): Mechanism | undefined {
  const match = MECHANISM.exec(text);
  if (!match) return undefined;
  const directive: Directive = { qualifier: (match[1] || '+') as Qualifier, text };
  const rest = text.slice(match[0].length);
  switch ((match[2] as string).toLowerCase()) {
    case 'all':
      return rest === '' ? { ...directive, kind: 'all' } : undefined;
    case 'include':
      return withDomain(directive, 'include', rest);
    case 'exists':
      return withDomain(directive, 'exists', rest);
    case 'ptr':
      return parsePtr(directive, rest);
    case 'a':
      return parseHosts(directive, 'a', rest);
    case 'mx':
      return parseHosts(directive, 'mx', rest);
    case 'ip4':
      return parseNetwork(directive, NETWORK_4.exec(rest.slice(1)), rest, 32);
    case 'ip6':
      return parseNetwork(directive, NETWORK_6.exec(rest.slice(1)), rest, 128);
    default:
      return undefined;
  }
}

function withDomain(directive: Directive, kind: 'include' | 'exists', rest: string): Mechanism | undefined {
  const domain = parseTarget(rest);
  return domain && { ...directive, kind, domain };
}

function parsePtr(directive: Directive, rest: string): Mechanism | undefined {
  if (rest === '') return { ...directive, kind: 'ptr', domain: undefined };
  const domain = parseTarget(rest);
  return domain && { ...directive, kind: 'ptr', domain };
}

function parseHosts(directive: Directive, kind: 'a' | 'mx', rest: string): Mechanism | undefined {
  const match = CIDR.exec(rest);
  const bits4 = Number(match?.[1] ?? 32);
  const bits6 = Number(match?.[2] ?? 128);
  if (bits4 > 32 || bits6 > 128) return undefined;
  const target = match ? rest.slice(0, match.index) : rest;
  if (target === '') return { ...directive, kind, domain: undefined, bits4, bits6 };
  const domain = parseTarget(target);
  return domain && { ...directive, kind, domain, bits4, bits6 };
}

function parseNetwork(directive: Directive, match: RegExpExecArray | null, rest: string, mostBits: number): Mechanism | undefined {
  const address = match?.[1];
  if (!rest.startsWith(':') || address === undefined || (mostBits === 128 && !isIPv6(address))) return undefined;
  const bits = Number(match?.[2] ?? mostBits);
  const network = addressOctets(address);
  return network && bits <= mostBits ? { ...directive, kind: 'ip', network, bits } : undefined;
}

function parseTarget(text: string): readonly Piece[] | undefined {
  return text.startsWith(':') ? parseDomainSpec(text.slice(1)) : undefined;
}

function quote(term: string): string {
  return term.slice(0, LONGEST_QUOTE).replace(/[^\x20-\x7e]/g, '?');
}
