/** How much an account may still send, and when more will be possible: worked out from its counts by five minutes. */
import type { AccountId } from '#core/ids.ts';
import type { Program } from '#store/sql.ts';
import type { AccountSending } from './account-limits.ts';
import type { SendingLimits } from './settings.ts';
import { DAY_SLOTS, HOUR_SLOTS, readSlots, resumesAt, type SlotCount, sumOf } from './slots.ts';

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

/** What an account may still send: at most 25 rows are read, none where there is no limit. */
export function* readAllowance(account: AccountId, own: AccountSending, limits: SendingLimits, nowMs: number): Program<Allowance> {
  const isUnlimited = (own.recipientsPerHour ?? limits.recipientsPerHour) === 0 && (own.recipientsPerDay ?? limits.recipientsPerDay) === 0;
  return allowanceOf(isUnlimited ? [] : yield* readSlots(account, nowMs), own, limits, nowMs);
}

/** What was accepted in the last 60 minutes, and in the last 24 hours. */
export function* readSent(account: AccountId, nowMs: number): Program<{ readonly inHour: number; readonly inDay: number }> {
  const counts = yield* readSlots(account, nowMs);
  return { inHour: sumOf(counts, HOUR_SLOTS, nowMs), inDay: sumOf(counts, DAY_SLOTS, nowMs) };
}

/** What may still be sent. `counts` are those of the last day. */
export function allowanceOf(counts: readonly SlotCount[], own: AccountSending, limits: SendingLimits, nowMs: number): Allowance {
  const perHour = own.recipientsPerHour ?? limits.recipientsPerHour;
  const perDay = own.recipientsPerDay ?? limits.recipientsPerDay;
  const leftInHour = perHour === 0 ? Number.POSITIVE_INFINITY : Math.max(0, perHour - sumOf(counts, HOUR_SLOTS, nowMs));
  const leftInDay = perDay === 0 ? Number.POSITIVE_INFINITY : Math.max(0, perDay - sumOf(counts, DAY_SLOTS, nowMs));
  if (leftInHour < leftInDay) return { remaining: leftInHour, by: 'hour', limit: perHour, resumesAtMs: resumesAt(counts, HOUR_SLOTS, perHour, nowMs) };
  return { remaining: leftInDay, by: 'day', limit: perDay, resumesAtMs: resumesAt(counts, DAY_SLOTS, perDay, nowMs) };
}

/** What the sender reads. RFC 3463 §3.8 (4.7.0) */
export function limitText({ by, limit, resumesAtMs }: Allowance): string {
  const at = new Date(resumesAtMs).toISOString();
  const when = `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
  return `Limit of ${limit} recipients ${by === 'hour' ? 'an hour' : 'in 24 hours'} is reached; sending goes on at ${when}`;
}
