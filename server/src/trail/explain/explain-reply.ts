/**
 * What a refusal means for people: one sentence of cause and one of remedy, for notices to senders, the trail and the queue's list.
 *
 * RFC 3463, RFC 5248 (enhanced codes) · RFC 5321 §4.2 (replies)
 *
 * Works on whatever a hostile server says: the text is cut, words are looked for as they stand, and nothing depends on how long the answer is.
 */
import type { CauseId, CauseText } from './causes.ts';
import { ENGLISH } from './causes-english.ts';
import { POLISH } from './causes-polish.ts';
import { PROVIDER_NAMES, type Provider, providerOf } from './providers.ts';
import { CODE_CAUSES, OWN_FINDINGS, REPLIES, type ReplyRow, STATUS_CAUSES } from './replies.ts';

export interface RemoteReply {
  /** RFC 3463, `5.1.1`; read from the reply where it is not given. `4.4.7` is our own: the time is over. */
  readonly status?: string | undefined;
  /** The three digits; read from the reply where they are not given. */
  readonly code?: number | undefined;
  /** What the other server said, or what we found out ourselves. */
  readonly reply: string;
  /** Who said it, `mx.example.net` (an address may stand behind it); undefined: we found it out ourselves. */
  readonly host?: string | undefined;
}

export type ExplainLanguage = 'en' | 'pl';

const GAVE_UP = '4.4.7';
const TOO_LATE = '5.4.7';
/** Characters of a reply that are looked at. */
const TEXT_LIMIT = 2000;

/** What the reply means; undefined where it is no refusal, or says nothing at all. */
export function explainReply(reply: RemoteReply, language: ExplainLanguage): CauseText | undefined {
  const over = overCause(reply);
  const cause = causeOf(reply) ?? over;
  if (cause === undefined) return undefined;
  const texts = language === 'pl' ? POLISH : ENGLISH;
  const provider = reply.host === undefined ? undefined : providerOf(reply.host);
  const text = fill(texts[cause], provider, language);
  if (over === undefined && !isPermanent(reply)) return text;
  const remedy = PATIENT.has(cause) ? texts[over ?? 'gave-up'].remedy : text.remedy;
  return over !== undefined && cause !== over ? { cause: `${texts[over].cause} ${text.cause}`, remedy } : { cause: text.cause, remedy };
}

/** Where it is not the last refusal that ends it, but the time: which. */
function overCause({ status, reply, host }: RemoteReply): CauseId | undefined {
  if (status === GAVE_UP) return 'gave-up';
  // RFC 2852 §4.1.3; a server that says so itself speaks of its own time.
  return status === TOO_LATE && host !== undefined && !reply.slice(0, TEXT_LIMIT).includes(TOO_LATE) ? 'too-late' : undefined;
}

/** The cause of a refusal by its name. */
export function causeOf(reply: RemoteReply): CauseId | undefined {
  const facts = read(reply);
  if (facts.status?.startsWith('2.') || (facts.status === undefined && facts.code?.startsWith('2'))) return undefined;
  const detail = facts.status?.slice(2);
  const rows = reply.host === undefined ? OWN_FINDINGS : REPLIES;
  const row = rows.find((candidate) => fits(candidate, facts, detail));
  if (row !== undefined) return row.cause;
  const byStatus = detail === undefined ? undefined : (own(STATUS_CAUSES, detail) ?? own(STATUS_CAUSES, detail.split('.')[0] ?? ''));
  // x.0.0 says nothing: the three digits may.
  const byCode = facts.code === undefined ? undefined : own(CODE_CAUSES, facts.code);
  return byStatus ?? byCode ?? classCause(facts.status ?? facts.code);
}

interface Facts {
  readonly text: string;
  readonly status: string | undefined;
  readonly code: string | undefined;
  readonly provider: Provider | undefined;
}

/** Cheap enough that each row may ask. */
function fits({ from, status, words }: ReplyRow, { text, provider }: Facts, detail: string | undefined): boolean {
  if (from !== undefined && (provider === undefined || !from.includes(provider))) return false;
  if (status !== undefined && (detail === undefined || !status.includes(detail))) return false;
  return words.every((word) => text.includes(word));
}

function read({ status, code, reply, host }: RemoteReply): Facts {
  const raw = reply.slice(0, TEXT_LIMIT);
  const start = /^\s{0,9}([245]\d\d)?[ -]?\s{0,9}([245]\.\d{1,3}\.\d{1,3})?/.exec(raw);
  const isOurs = status === GAVE_UP || (status === TOO_LATE && !raw.includes(TOO_LATE));
  const given = status !== undefined && !isOurs && /^[245]\.\d{1,3}\.\d{1,3}$/.test(status) ? status : undefined;
  // What the reply itself says counts for more than x.0.0, which stands for nothing.
  const said = start?.[2];
  return {
    text: raw
      .toLowerCase()
      // Replies of several lines repeat their codes in the middle of a sentence.
      .replace(/\b[245]\d\d-/g, ' ')
      .replace(/\b[245]\.\d{1,3}\.\d{1,3}\b/g, ' ')
      .replace(/\s+/g, ' '),
    status: given === undefined || /^[245]\.0\.0$/.test(given) ? (said ?? given) : given,
    code: code === undefined ? start?.[1] : String(code),
    provider: host === undefined ? undefined : providerOf(host),
  };
}

function isPermanent(reply: RemoteReply): boolean {
  const { status, code } = read(reply);
  return (status ?? code)?.startsWith('5') === true;
}

function classCause(code: string | undefined): CauseId | undefined {
  if (code?.startsWith('4')) return 'put-off';
  return code?.startsWith('5') ? 'refused' : undefined;
}

/** These solve themselves while we try, and only then. */
const PATIENT: ReadonlySet<CauseId> = new Set([
  'mailbox-busy',
  'microsoft-slowed',
  'gmail-slowed',
  'yahoo-slowed',
  'icloud-slowed',
  'rate-limited',
  'greylisted',
  'server-busy',
  'server-full',
  'no-answer',
  'connection-broken',
  'dns-failure',
  'own-fault',
  'put-off',
]);

const SERVER: Readonly<Record<ExplainLanguage, string>> = { en: "the recipient's server", pl: 'serwer adresata' };

function fill({ cause, remedy }: CauseText, provider: Provider | undefined, language: ExplainLanguage): CauseText {
  const server = provider === undefined ? SERVER[language] : `${SERVER[language]} (${PROVIDER_NAMES[provider]})`;
  const put = (text: string): string => text.replace('{server}', server).replace('{Server}', capitalised(server));
  return { cause: put(cause), remedy: put(remedy) };
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
