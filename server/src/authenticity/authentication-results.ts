/**
 * The Authentication-Results field that tells readers what the checks came to.
 *
 * Everything in it that a sender can choose is quoted, cut and kept to printable ASCII: no name, no DNS record and no address can add a result or a line.
 * RFC 8601 §2 · RFC 6008 (header.b) · RFC 8617 §10 (arc) · RFC 9989 §9 (policy.dmarc) · RFC 5322 §2.2.3 (folding)
 */
import { canonicalAddress } from '#net/address.ts';
import { domainToName } from './domain-name.ts';
import type { Checks, DkimResult, DmarcResult } from './results.ts';

/** What the checks were made of. */
export interface CheckedTransaction {
  /** The client's address. */
  readonly address: string;
  readonly helo: string;
  /** The reverse-path; undefined for the null one. */
  readonly sender: { readonly localPart: string; readonly domain: string } | undefined;
}

/** Behind the last word of a line stands a semicolon. */
const FOLD_AFTER = 77;
/** Longer texts of others' are cut: no line of the field comes near 998 octets. */
const LONGEST_VALUE = 320;
const LONGEST_COMMENT = 150;
/** Signatures beyond these are not told about. */
const MOST_SIGNATURES = 10;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/;
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const NOT_PRINTABLE = /[^\x20-\x7e]/g;
const NOT_IN_COMMENTS = /[^\x20-\x7e]|[()\\]/;

/** The whole field, folded, with CRLF at the end. UTF-8 domains are written as A-labels. */
export function formatAuthenticationResults(authservId: string, checks: Checks, transaction: CheckedTransaction): string {
  const signatures = checks.dkim.length === 0 ? NO_SIGNATURES : checks.dkim.slice(0, MOST_SIGNATURES).map(dkimWords);
  const results = [iprevWords(checks, transaction), spfWords(checks, transaction), ...signatures, dmarcWords(checks.dmarc), arcWords(checks, transaction)];
  let field = `Authentication-Results: ${value(authservId)}`;
  for (const words of results) field += `;\r\n${fold(words)}`;
  return `${field}\r\n`;
}

const NO_SIGNATURES: ReadonlyArray<readonly string[]> = [['dkim=none']];

function iprevWords({ iprev }: Checks, { address }: CheckedTransaction): readonly string[] {
  return [`iprev=${iprev.result}`, ...comment(iprev.name), property('policy.iprev', canonicalAddress(address) ?? address)];
}

function spfWords({ spf }: Checks, { sender, helo }: CheckedTransaction): readonly string[] {
  const reason = spf.mechanism === undefined ? spf.reason : `matches ${spf.mechanism}`;
  const words = [`spf=${spf.result}`, ...comment(reason)];
  if (sender) words.push(mailbox('smtp.mailfrom', sender));
  return [...words, property('smtp.helo', domainToName(helo) ?? helo)];
}

function dkimWords(signature: DkimResult): readonly string[] {
  const notes = [
    signature.reason,
    signature.keyBits === undefined ? undefined : `${signature.keyBits}-bit key`,
    signature.isTesting === true ? 'testing' : undefined,
  ].filter((note) => note !== undefined);
  const words = [`dkim=${signature.result}`, ...comment(notes.join('; '))];
  const add = (name: string, text: string): void => {
    if (text !== '') words.push(property(name, text));
  };
  add('header.d', signature.domain);
  add('header.i', signature.identity);
  add('header.s', signature.selector);
  add('header.a', signature.algorithm);
  add('header.b', signature.signatureStart);
  return words;
}

function dmarcWords(dmarc: DmarcResult): readonly string[] {
  const words = [`dmarc=${dmarc.result}`, ...comment(dmarcNote(dmarc))];
  if (dmarc.fromDomain !== '') words.push(property('header.from', dmarc.fromDomain));
  if (dmarc.policy !== undefined) words.push(property('policy.dmarc', dmarc.policy));
  return words;
}

function dmarcNote({ published, reason, policyDomain, fromDomain }: DmarcResult): string {
  const notes: string[] = [];
  if (published) notes.push(`p=${published.p} sp=${published.sp} np=${published.np}${published.isTesting ? ' t=y' : ''}`);
  if (policyDomain !== undefined && policyDomain !== fromDomain) notes.push(`of ${policyDomain}`);
  if (reason !== undefined) notes.push(reason);
  return notes.join('; ');
}

function arcWords({ arc }: Checks, { address }: CheckedTransaction): readonly string[] {
  const note = arc.instances === 0 ? arc.reason : [`i=${arc.instances}`, arc.reason, arc.sealers[0]].filter((part) => part !== undefined).join('; ');
  const words = [`arc=${arc.result}`, ...comment(note)];
  if (arc.oldestPass !== undefined) words.push(property('header.oldest-pass', String(arc.oldestPass)));
  if (arc.result !== 'none') words.push(property('smtp.remote-ip', canonicalAddress(address) ?? address));
  return words;
}

/** A mailbox; where its local part is none that every reader takes, the domain alone. */
function mailbox(name: string, { localPart, domain }: { readonly localPart: string; readonly domain: string }): string {
  const ascii = domainToName(domain) ?? domain;
  return DOT_ATOM.test(localPart) && localPart.length <= 64 && TOKEN.test(ascii) ? `${name}=${localPart}@${ascii}` : property(name, ascii);
}

function property(name: string, text: string): string {
  return `${name}=${value(text)}`;
}

/** A token, or a quoted-string. */
function value(text: string): string {
  if (text.length <= LONGEST_VALUE && TOKEN.test(text)) return text;
  const printable = text.replace(NOT_PRINTABLE, '?').slice(0, LONGEST_VALUE);
  return TOKEN.test(printable) ? printable : `"${printable.replace(/["\\]/g, '\\$&')}"`;
}

/** No word for nothing. Parentheses cannot end it, and nothing in it needs a backslash. */
function comment(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const plain = NOT_IN_COMMENTS.test(text) ? text.replace(NOT_PRINTABLE, '?').replaceAll('(', '[').replaceAll(')', ']').replaceAll('\\', '/') : text;
  return [`(${plain.length > LONGEST_COMMENT ? `${plain.slice(0, LONGEST_COMMENT)}...` : plain})`];
}

/** The lines of one result, each begun with a TAB, without the last line's end. */
function fold(words: readonly string[]): string {
  let lines = '';
  let length = 0;
  for (const word of words) {
    if (length === 0 || length + 1 + word.length > FOLD_AFTER) {
      lines += length === 0 ? `\t${word}` : `\r\n\t${word}`;
      length = 1 + word.length;
    } else {
      lines += ` ${word}`;
      length += 1 + word.length;
    }
  }
  return lines;
}
