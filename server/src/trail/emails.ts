/**
 * The messages of one account in one row, and the keys by which one of them finds it. An EXPUNGE of a thousand messages is one row and a few keys: few messages have
 * a key each, many share one with their neighbours, and what is scattered over the whole account is found by the account alone.
 */
import { type AccountId, accountOf, type EmailId, idWithin } from '#core/ids.ts';
import { normaliseRanges, parseRanges } from '#store/uid-set.ts';

/** Messages with a key each. */
const SINGLE = 16;
/** Neighbours that share a key. */
const BUCKET = 1024;
/** Shared keys of a row. */
const BUCKETS = 32;

const low = (email: number): number => email - idWithin<EmailId>(accountOf(email as EmailId), 0);

/** As a sequence set of the low parts of the ids, which all belong to one account. In one pass: it is a part of every EXPUNGE. */
export function formatEmails(emails: readonly number[]): string {
  const [any] = emails;
  if (any === undefined) return '';
  const base = any - low(any);
  let set = '';
  let first = 0;
  let last = 0;
  for (let index = 0; index <= emails.length; index++) {
    const email = emails[index] ?? Number.POSITIVE_INFINITY;
    if (email === last + 1 || email === last) last = email;
    else if (email < last) return formatEmails([...Float64Array.from(emails).sort()]);
    else {
      if (first > 0) set += `${set === '' ? '' : ','}${first - base}${first === last ? '' : `:${last - base}`}`;
      first = email;
      last = email;
    }
  }
  return set;
}

/** Which of these messages the set holds. */
export function emailsAmong(account: AccountId, emails: string, wanted: Iterable<EmailId>): readonly EmailId[] {
  if (emails === '') return [];
  const ranges = parseRanges(emails);
  const found: EmailId[] = [];
  for (const email of wanted) {
    if (accountOf(email) !== account) continue;
    const n = low(email);
    if (ranges.some(([first, last]) => n >= first && n <= last)) found.push(email);
  }
  return found;
}

/** Messages of the set, at most `limit`. */
export function emailsOf(account: AccountId, emails: string, limit: number): readonly EmailId[] {
  const found: EmailId[] = [];
  for (const [first, last] of parseRanges(emails)) {
    for (let n = first; n <= last && found.length < limit; n++) found.push(idWithin<EmailId>(account, n));
  }
  return found;
}

/** How many messages the set holds. */
export function countEmails(emails: string): number {
  return parseRanges(emails).reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The keys of a row that is about these messages; of none: about all in a mailbox. */
export function keysOfEmails(account: AccountId, emails: string): readonly string[] {
  if (emails === '') return [`mail ${account}`];
  if (countEmails(emails) <= SINGLE) return emailsOf(account, emails, SINGLE).map(emailKey);
  const buckets = normaliseRanges(parseRanges(emails).map(([first, last]) => [Math.floor(first / BUCKET), Math.floor(last / BUCKET)]));
  const keys: string[] = [];
  for (const [first, last] of buckets) {
    if (keys.length + last - first + 1 > BUCKETS) return [`mail ${account}`];
    for (let bucket = first; bucket <= last; bucket++) keys.push(`mail ${account} ${bucket}`);
  }
  return keys;
}

/** All the keys by which rows about a message are found. */
export function keysForEmail(email: EmailId): readonly string[] {
  const account = accountOf(email);
  return [emailKey(email), `mail ${account} ${Math.floor(low(email) / BUCKET)}`, `mail ${account}`];
}

/** No address and no id holds a space. */
function emailKey(email: EmailId): string {
  return `email ${email}`;
}
