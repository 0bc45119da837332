/**
 * Dates of header fields.
 *
 * RFC 5322 §3.3, §4.3 (two-digit years, zone names, comments, missing seconds or zone) · RFC 9051 §2.3.3 (INTERNALDATE is made elsewhere)
 */
import { skipComment } from './parameters.ts';

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** Offsets in minutes. Single letters were defined wrongly in RFC 822 and mean -0000 (RFC 5322 §4.3). */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  wet: 0,
  west: 60,
  bst: 60,
  cet: 60,
  cest: 120,
  met: 60,
  mest: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  jst: 540,
  kst: 540,
  ist: 330,
  hst: -600,
  akst: -540,
  akdt: -480,
};

/** `Mon, 23 Nov 2026 12:00:00 +0100`, also with the parts in the order of ctime or separated by dashes. One space each, no comments. */
const USUAL =
  /^(?:[a-z]{2,9}\.?,? ?)?(\d{1,2})[ -]([a-z]{3})[a-z]*\.?,?[ -](\d{2,4}),? (\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)? ?([ap]m)? ?(?:([+-])(\d{1,2}):?(\d{2})|([a-z]{1,5}))?/i;
const CTIME =
  /^[a-z]{2,9},? ([a-z]{3})[a-z]* (\d{1,2}),? (\d{1,2}):(\d{2})(?::(\d{2}))? (?:([+-])(\d{2})(\d{2}) |([a-z]{1,5}) )?(\d{4})(?: ?([+-])(\d{2}):?(\d{2}))?/i;
const ISO = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[t ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?(?:([+-])(\d{2}):?(\d{2})|([a-z]{1,5}))?/i;

/** Milliseconds since 1970 of a Date field's value (octet string); undefined where no date can be read from it. */
export function parseDate(value: string): number | undefined {
  const text = clean(value);
  let match = USUAL.exec(text);
  if (match !== null) {
    const month = MONTHS.indexOf((match[2] as string).toLowerCase()) / 3;
    return instant({
      year: fullYear(match[3] as string),
      month,
      day: match[1],
      hour: hourOf(match[4], match[7]),
      minute: match[5],
      second: match[6],
      zone: zoneOf(match[8], match[9], match[10], match[11]),
    });
  }
  match = CTIME.exec(text);
  if (match !== null) {
    const month = MONTHS.indexOf((match[1] as string).toLowerCase()) / 3;
    const zone = match[11] === undefined ? zoneOf(match[6], match[7], match[8], match[9]) : zoneOf(match[11], match[12], match[13], undefined);
    return instant({ year: Number(match[10]), month, day: match[2], hour: Number(match[3]), minute: match[4], second: match[5], zone });
  }
  match = ISO.exec(text);
  if (match === null) return undefined;
  return instant({
    year: Number(match[1]),
    month: Number(match[2]) - 1,
    day: match[3],
    hour: Number(match[4]),
    minute: match[5],
    second: match[6],
    zone: zoneOf(match[7], match[8], match[9], match[10]),
  });
}

/** `Mon, 23 Nov 2026 12:00:00 +0000` in UTC, or with the offset given in minutes. RFC 5322 §3.3 */
export function formatDate(ms: number, offsetMinutes: number = 0): string {
  const date = new Date(ms + offsetMinutes * 60_000);
  const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);
  const zone = Math.abs(offsetMinutes);
  return (
    `${DAY_NAMES[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTH_NAMES[date.getUTCMonth()]} ${String(date.getUTCFullYear()).padStart(4, '0')} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(zone / 60))}${two(zone % 60)}`
  );
}

/** Octets of a value that are looked at. */
const DATE_LIMIT = 200;

/** Comments gone, white space collapsed, none around colons. */
function clean(value: string): string {
  let text = value.length > DATE_LIMIT ? value.slice(0, DATE_LIMIT) : value;
  if (TIDY.test(text)) return text;
  for (let open = text.indexOf('('); open >= 0; open = text.indexOf('(')) text = `${text.slice(0, open)} ${text.slice(skipComment(text, open))}`;
  return text
    .replace(/[\s"]+/g, ' ')
    .replace(/ ?: ?/g, ':')
    .replace(/ , ?/g, ', ')
    .trim();
}

const TIDY = /^[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/;

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: string | undefined;
  readonly hour: number;
  readonly minute: string | undefined;
  readonly second: string | undefined;
  /** Minutes east of UTC. */
  readonly zone: number;
}

function instant(fields: Fields): number | undefined {
  const { year, month, hour, zone } = fields;
  const day = Number(fields.day);
  const minute = Number(fields.minute);
  // A leap second is the last second of its minute.
  const second = Math.min(59, Number(fields.second ?? 0));
  if (!Number.isInteger(month) || month < 0 || month > 11 || day < 1 || day > 31 || hour > 24 || minute > 59 || year < 1 || year > 9999) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() - zone * 60_000;
}

/** RFC 5322 §4.3: two digits below 50 are of this century, other two and three digits count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length >= 4) return year;
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}

function hourOf(digits: string | undefined, half: string | undefined): number {
  const hour = Number(digits);
  if (half === undefined || hour > 12) return hour;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

/** A sign with hours and minutes, or a name; anything else is taken for UTC. */
function zoneOf(sign: string | undefined, hours: string | undefined, minutes: string | undefined, name: string | undefined): number {
  if (sign === undefined) return ZONES[name?.toLowerCase() ?? ''] ?? 0;
  const offset = Number(hours) * 60 + Number(minutes);
  if (offset >= 24 * 60) return 0;
  return sign === '-' ? -offset : offset;
}
