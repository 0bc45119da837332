/**
 * INTERNALDATE and SAVEDATE as they are sent: `"17-Jul-1996 02:44:25 +0000"`, always in UTC. Written by hand: lists ask for it in every line.
 *
 * RFC 9051 §9 (date-time) · RFC 8514 §4.3
 */
import { type Output, writeNumber } from './output.ts';

const DAY_MS = 86_400_000;
export const MONTHS: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** What four digits can say. */
const FIRST_MS = Date.UTC(0, 0, 1) - 1900 * 365.25 * DAY_MS;
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Neighbouring messages mostly arrived on the same day. */
let cachedDay = Number.NaN;
const cachedText = new Uint8Array(12);

/** Appends the date with its quotes. */
export function writeInternalDate(output: Output, milliseconds: number): void {
  const ms = Math.min(Math.max(milliseconds, FIRST_MS), LAST_MS);
  const day = Math.floor(ms / DAY_MS);
  if (day !== cachedDay) renderDay(day);
  output.room(28);
  const { chunk } = output;
  let { at } = output;
  for (let i = 0; i < 12; i++) chunk[at + i] = cachedText[i] ?? 0;
  const seconds = Math.floor((ms - day * DAY_MS) / 1000);
  const hour = (seconds / 3600) | 0;
  const minute = ((seconds / 60) | 0) % 60;
  at += 12;
  chunk[at] = 0x20;
  twoDigits(chunk, at + 1, hour);
  chunk[at + 3] = 0x3a;
  twoDigits(chunk, at + 4, minute);
  chunk[at + 6] = 0x3a;
  twoDigits(chunk, at + 7, seconds % 60);
  at += 9;
  for (let i = 0; i < ZONE.length; i++) chunk[at + i] = ZONE.charCodeAt(i);
  output.at = at + ZONE.length;
}

const ZONE = ' +0000"';

function renderDay(day: number): void {
  const date = new Date(day * DAY_MS);
  const month = MONTHS[date.getUTCMonth()] ?? 'Jan';
  cachedText[0] = 0x22;
  twoDigits(cachedText, 1, date.getUTCDate());
  cachedText[3] = 0x2d;
  for (let i = 0; i < 3; i++) cachedText[4 + i] = month.charCodeAt(i);
  cachedText[7] = 0x2d;
  // 10000 + year gives five digits, of which the first is overwritten.
  const year = Math.min(Math.max(date.getUTCFullYear(), 0), 9999);
  const digits = new Uint8Array(5);
  writeNumber(digits, 0, 10_000 + year);
  cachedText.set(digits.subarray(1), 8);
  cachedDay = day;
}

function twoDigits(to: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  to[at] = 48 + tens;
  to[at + 1] = 48 + value - tens * 10;
}
