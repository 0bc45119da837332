/**
 * Dates as commands write them: `5-Nov-2026`, ` 5-Nov-2026 10:11:12 +0100`.
 *
 * RFC 9051 §9 (date, date-time)
 */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAY_MS = 86_400_000;

/** Milliseconds since 1970 at the beginning of that day in UTC; undefined for anything that is not a date. */
export function parseDate(text: string): number | undefined {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text);
  if (match === null) return undefined;
  return dayMs(Number(match[1]), match[2] ?? '', Number(match[3]));
}

/** Milliseconds since 1970; undefined for anything that is not a date-time. */
export function parseDateTime(text: string): number | undefined {
  const match = /^([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const day = dayMs(Number(match[1]), match[2] ?? '', Number(match[3]));
  const [hour, minute, second, zoneHour, zoneMinute] = [match[4], match[5], match[6], match[8], match[9]].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  // A leap second is read as the second before it.
  if (day === undefined || hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const zoneMs = (zoneHour * 60 + zoneMinute) * 60_000;
  return day + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000 - (match[7] === '-' ? -zoneMs : zoneMs);
}

function dayMs(day: number, monthName: string, year: number): number | undefined {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  if (month < 0 || day < 1) return undefined;
  const ms = new Date(0).setUTCFullYear(year, month, day);
  return new Date(ms).getUTCDate() === day && ms % DAY_MS === 0 ? ms : undefined;
}
