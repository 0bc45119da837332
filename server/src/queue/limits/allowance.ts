/** How much an account may still send, and when more will be possible: worked out from its counts by the hour. */
import type { AccountId } from '#core/ids.ts';
import { type Program, rows, sql } from '#store/sql.ts';
import type { AccountSending } from './account-limits.ts';
import { HOUR_MS, hourOf, type SendingLimits } from './settings.ts';

export type LimitName = 'hour' | 'day';

export interface Allowance {
  /** Recipients; Infinity where there is no limit. */
  readonly remaining: number;
  /** The limit that ends it. */
  readonly by: LimitName;
  readonly limit: number;
  /** When it goes on once the limit is reached. */
  readonly resumesAtMs: number;
}

/** An hour and what was accepted in it, in the order of time. */
export type HourCount = readonly [hour: number, recipients: number];

const DAY_HOURS = 24;

/** What an account may still send: at most 24 rows are read, none where there is no limit. */
export function* readAllowance(account: AccountId, own: AccountSending, limits: SendingLimits, nowMs: number): Program<Allowance> {
  const isUnlimited = (own.recipientsPerHour ?? limits.recipientsPerHour) === 0 && (own.recipientsPerDay ?? limits.recipientsPerDay) === 0;
  return allowanceOf(isUnlimited ? [] : yield* readDay(account, nowMs), own, limits, nowMs);
}

/** What was accepted in the present hour, and in it and the 23 before. */
export function* readSent(account: AccountId, nowMs: number): Program<{ readonly inHour: number; readonly inDay: number }> {
  return sums(yield* readDay(account, nowMs), hourOf(nowMs));
}

function sums(counts: readonly HourCount[], hour: number): { readonly inHour: number; readonly inDay: number } {
  return { inHour: counts.find(([at]) => at === hour)?.[1] ?? 0, inDay: counts.reduce((sum, [, recipients]) => sum + recipients, 0) };
}

function* readDay(account: AccountId, nowMs: number): Program<readonly HourCount[]> {
  const hour = hourOf(nowMs);
  return yield* rows<HourCount>(sql`
    SELECT hour, recipients FROM sending_hour WHERE account = ${account} AND hour > ${hour - DAY_HOURS} AND hour <= ${hour} ORDER BY hour`);
}

/** What may still be sent. `counts` are those of the present hour and the 23 before it. */
export function allowanceOf(counts: readonly HourCount[], own: AccountSending, limits: SendingLimits, nowMs: number): Allowance {
  const hour = hourOf(nowMs);
  const perHour = own.recipientsPerHour ?? limits.recipientsPerHour;
  const perDay = own.recipientsPerDay ?? limits.recipientsPerDay;
  const { inHour, inDay } = sums(counts, hour);
  const leftInHour = perHour === 0 ? Number.POSITIVE_INFINITY : Math.max(0, perHour - inHour);
  const leftInDay = perDay === 0 ? Number.POSITIVE_INFINITY : Math.max(0, perDay - inDay);
  if (leftInHour < leftInDay) return { remaining: leftInHour, by: 'hour', limit: perHour, resumesAtMs: (hour + 1) * HOUR_MS };
  return { remaining: leftInDay, by: 'day', limit: perDay, resumesAtMs: dayResumesAtMs(counts, perDay, hour) };
}

/** When enough hours have left the day: the first whole hour at which less than the limit is left in it. */
function dayResumesAtMs(counts: readonly HourCount[], perDay: number, hour: number): number {
  let sum = counts.reduce((total, [, recipients]) => total + recipients, 0);
  for (const [at, recipients] of counts) {
    sum -= recipients;
    if (sum < perDay) return Math.max(at + DAY_HOURS, hour + 1) * HOUR_MS;
  }
  return (hour + 1) * HOUR_MS;
}

/** What the sender reads. RFC 3463 §3.8 (4.7.0) */
export function limitText({ by, limit, resumesAtMs }: Allowance): string {
  const at = new Date(resumesAtMs).toISOString();
  const when = `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
  return `Limit of ${limit} recipients ${by === 'hour' ? 'an hour' : 'in 24 hours'} is reached; sending goes on at ${when}`;
}
