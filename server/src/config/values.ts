/** The kinds of values that settings have: each a checked reading and the words for it. */
import net from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { type Node, setting } from './node.ts';

/** What a setting says of itself, besides its kind. */
export interface About<T> {
  readonly about: string;
  /** What holds when nothing is written. Left out: the setting must be written. */
  readonly standard?: T;
  readonly example?: string;
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `50M` in octets, units of 1024; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}) ?([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const unit = SIZE_UNITS[match?.[2]?.toUpperCase() ?? ''];
  const size = match && unit ? Number(match[1]) * unit : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** `5m` in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12}) ?(ms|s|m|h|d|w)$/.exec(text.trim());
  const unit = DURATION_UNITS[match?.[2] ?? ''];
  const ms = match && unit ? Number(match[1]) * unit : Number.NaN;
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Octets: `"50M"` or a number. */
export function size({ about, standard, example, minimum, maximum }: About<string> & { readonly minimum?: string; readonly maximum?: string }): Node<number> {
  const least = minimum === undefined ? 0 : (parseSize(minimum) ?? 0);
  const most = maximum === undefined ? Number.MAX_SAFE_INTEGER : (parseSize(maximum) ?? 0);
  const schema = z
    .union([z.string(), z.int().min(0).transform(String)])
    .transform(parsed(parseSize))
    .pipe(z.number().min(least).max(most));
  const range = minimum === undefined || maximum === undefined ? '' : ` from "${minimum}" to "${maximum}"`;
  return setting(schema, parsedFallback(standard, parseSize), { about, form: `a size${range}, such as "50M"`, ...shown(standard), ...exampleOf(example) });
}

/** Milliseconds: `"5m"`. */
export function duration({ about, standard, example, minimum }: About<string> & { readonly minimum?: string }): Node<number> {
  const schema = z
    .string()
    .transform(parsed(parseDuration))
    .pipe(z.number().min(minimum === undefined ? 0 : (parseDuration(minimum) ?? 0)));
  return setting(schema, parsedFallback(standard, parseDuration), {
    about,
    form: `a time${minimum === undefined ? '' : ` of at least "${minimum}"`}, such as "30s", "5m", "12h" or "7d"`,
    ...shown(standard),
    ...exampleOf(example),
  });
}

/** A list of durations, each of at least a second. */
export function durations({ about, standard }: About<readonly string[]>): Node<readonly number[]> {
  const one = z.string().transform(parsed(parseDuration)).pipe(z.number().min(1000));
  const schema = z.array(one).min(1);
  const value = standard?.map((text) => parseDuration(text) ?? 0);
  return setting(schema, value ? { value } : undefined, { about, form: 'a list of times of at least "1s", such as ["5m", "1h"]', ...shown(standard) });
}

export function count({
  about,
  standard,
  minimum = 0,
  maximum = 1_000_000,
}: About<number> & { readonly minimum?: number; readonly maximum?: number }): Node<number> {
  const schema = z.int().min(minimum).max(maximum);
  return setting(schema, fallback(standard), { about, form: `a whole number from ${minimum} to ${maximum}`, ...shown(standard) });
}

export function flag({ about, standard }: About<boolean>): Node<boolean> {
  return setting(z.boolean(), fallback(standard), { about, form: 'true or false', ...shown(standard) });
}

export function choice<Word extends string>(words: readonly Word[], { about, standard }: About<Word>): Node<Word> {
  return setting(z.enum(words) as z.ZodType<Word>, fallback(standard), {
    about,
    form: `one of ${words.map((word) => `"${word}"`).join(', ')}`,
    ...shown(standard),
  });
}

/** A host name in lower-case A-label form (RFC 5891); U-labels are turned into it. */
export function hostname({ about, standard, example }: About<string>): Node<string> {
  const schema = z.string().transform(parsed(parseHostname));
  return setting(schema, fallback(standard), { about, form: 'a host name, such as "mail.example.org"', ...shown(standard), ...exampleOf(example) });
}

/** Like `hostname`, where nothing is written: undefined. */
export function optionalHostname({ about, example }: About<never>): Node<string | undefined> {
  const schema: z.ZodType<string | undefined> = z.string().transform(parsed(parseHostname));
  return setting(schema, { value: undefined }, { about, form: 'a host name, such as "mail.example.org"', ...exampleOf(example) });
}

/** Host names in lower-case A-labels. */
export function hostnames({ about, standard }: About<readonly string[]>): Node<readonly string[]> {
  const schema = z.array(z.string().transform(parsed(parseHostname)));
  return setting(schema, fallback(standard), { about, form: 'a list of host names, such as ["lists.example.org"]', ...shown(standard) });
}

/** A host name, or an IP address. */
export function hostOrAddress({ about, example }: About<never>): Node<string> {
  const schema = z.string().transform(parsed((text) => (net.isIP(unbracketed(text)) === 0 ? parseHostname(text) : unbracketed(text))));
  return setting(schema, undefined, { about, form: 'a host name or an address, such as "mail.example.org"', ...exampleOf(example) });
}

/** Lower-case A-labels of a host name; undefined for what cannot be one. */
export function parseHostname(text: string): string | undefined {
  const url = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`) : undefined;
  const name = url?.hostname ?? '';
  const isPlain = url !== undefined && url.host === name && url.pathname === '/' && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || name.length > 253 || net.isIP(name) !== 0) return undefined;
  const isName = name.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return isName ? name : undefined;
}

/** A path; a relative one is taken from the directory of the configuration file. */
export function file({ about, standard, example }: About<string>, base: string): Node<string> {
  const schema = z
    .string()
    .min(1)
    .transform((text) => path.resolve(base, text));
  const value = standard === undefined ? undefined : { value: path.resolve(base, standard) };
  return setting(schema, value, { about, form: 'a path', ...shown(standard), ...exampleOf(example) });
}

/** Like `file`, where nothing is written: undefined. */
export function optionalFile({ about, example }: About<never>, base: string): Node<string | undefined> {
  const schema: z.ZodType<string | undefined> = z
    .string()
    .min(1)
    .transform((text) => path.resolve(base, text));
  return setting(schema, { value: undefined }, { about, form: 'a path', ...exampleOf(example) });
}

export function optionalText({ about, example }: About<never>): Node<string | undefined> {
  const schema: z.ZodType<string | undefined> = z.string().min(1).max(1000);
  return setting(schema, { value: undefined }, { about, form: 'text in quotes', ...exampleOf(example) });
}

/** A web address short enough for one line of a reply. RFC 3986 */
export function optionalUrl({ about, example }: About<never>): Node<string | undefined> {
  const schema: z.ZodType<string | undefined> = z.string().transform(parsed(parseUrl));
  return setting(
    schema,
    { value: undefined },
    { about, form: 'a web address of at most 200 characters, such as "https://www.example.org/help"', ...exampleOf(example) },
  );
}

/** In the form in which it is sent: ASCII, without blanks. Undefined for what is no http or https address. */
function parseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') return undefined;
  return url.href.length <= 200 ? url.href : undefined;
}

/** IP addresses without ports; IPv6 with or without brackets. */
export function addresses({ about, standard }: About<readonly string[]>): Node<readonly string[]> {
  const one = z.string().transform(parsed((text) => (net.isIP(unbracketed(text)) === 0 ? undefined : unbracketed(text))));
  return setting(z.array(one).min(1), fallback(standard), { about, form: 'a list of IP addresses, such as ["0.0.0.0", "::"]', ...shown(standard) });
}

/** IP addresses, with a port or without: `127.0.0.1`, `[::1]:5353`. */
export function socketAddresses({ about, standard }: About<readonly string[]>): Node<readonly string[]> {
  const one = z.string().transform(parsed((text) => (isSocketAddress(text) ? text : undefined)));
  return setting(z.array(one), fallback(standard), { about, form: 'a list of addresses, such as ["127.0.0.1", "[::1]:5353"]', ...shown(standard) });
}

function isSocketAddress(text: string): boolean {
  if (net.isIP(unbracketed(text)) !== 0) return true;
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? '';
  const isHost = host.startsWith('[') ? net.isIPv6(unbracketed(host)) : net.isIPv4(host);
  return isHost && Number(match?.[2]) > 0 && Number(match?.[2]) < 65_536;
}

/** IP addresses and networks: `10.0.0.0/8`. */
export function networks({ about, standard }: About<readonly string[]>): Node<readonly string[]> {
  const one = z.string().transform(parsed((text) => (isNetwork(text) ? text : undefined)));
  return setting(z.array(one), fallback(standard), { about, form: 'a list of addresses and networks, such as ["10.0.0.0/8"]', ...shown(standard) });
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = net.isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function unbracketed(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
}

/** A zod transform from a parser that answers undefined for what it does not understand. */
function parsed<T>(parse: (text: string) => T | undefined): (text: string, context: z.RefinementCtx) => T {
  return (text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'invalid_value', values: [], input: text });
    return z.NEVER;
  };
}

function fallback<T>(standard: T | undefined): { readonly value: T } | undefined {
  return standard === undefined ? undefined : { value: standard };
}

function parsedFallback<T>(standard: string | undefined, parse: (text: string) => T | undefined): { readonly value: T } | undefined {
  const value = standard === undefined ? undefined : parse(standard);
  return value === undefined ? undefined : { value };
}

function shown(standard: unknown): { readonly standard?: string } {
  return standard === undefined ? {} : { standard: toToml(standard) };
}

function exampleOf(example: string | undefined): { readonly example?: string } {
  return example === undefined ? {} : { example: toToml(example) };
}

/** A value as it is written in TOML; enough for strings, numbers, truths and lists of them. */
export function toToml(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(toToml).join(', ')}]` : JSON.stringify(value);
}
