/**
 * What an account has sent, in slots of five minutes: the limits hold for any 60 minutes and any 24 hours, whatever the clock shows. The slots of an hour lie in the
 * row of that hour, so that there are no more rows and no more statements than with hours alone.
 */
import type { AccountId } from '#core/ids.ts';
import { type Program, rows, sql } from '#store/sql.ts';
import { HOUR_MS, hourOf } from './settings.ts';

export const SLOT_MS: number = 5 * 60_000;
const SLOTS_AN_HOUR = HOUR_MS / SLOT_MS;

/** Slots in which nothing of an earlier 60 minutes, or 24 hours, is left: the present one has just begun, so one more than they have. */
export const HOUR_SLOTS: number = SLOTS_AN_HOUR + 1;
export const DAY_SLOTS: number = 24 * SLOTS_AN_HOUR + 1;

/** A slot (five minutes since 1970) and what was accepted in it, in the order of time. */
export type SlotCount = readonly [slot: number, recipients: number];

/** Five minutes since 1970. */
export function slotOf(ms: number): number {
  return Math.floor(ms / SLOT_MS);
}

/** Where the present slot stands in the row of its hour, as a path of JSON. */
export function slotPath(nowMs: number): string {
  return `$."${slotOf(nowMs) % SLOTS_AN_HOUR}"`;
}

/** The slots of the last day in which something was accepted: at most 25 rows are read. */
export function* readSlots(account: AccountId, nowMs: number): Program<readonly SlotCount[]> {
  const hour = hourOf(nowMs);
  const found = yield* rows<HourRow>(sql`
    SELECT hour, recipients, slots FROM sending_hour WHERE account = ${account} AND hour >= ${hour - 24} AND hour <= ${hour} ORDER BY hour`);
  const first = slotOf(nowMs) - DAY_SLOTS + 1;
  return found.flatMap(slotsOf).filter(([slot]) => slot >= first);
}

type HourRow = readonly [hour: number, recipients: number, slots: string];

/** The slots of one hour; what the row does not account for stands in the last. */
export function slotsOf([hour, recipients, slots]: HourRow): readonly SlotCount[] {
  const counts = JSON.parse(slots) as Readonly<Record<string, number>>;
  const known = Array.from({ length: SLOTS_AN_HOUR }, (_, n) => counts[n] ?? 0);
  const rest = Math.max(0, recipients - known.reduce((sum, count) => sum + count, 0));
  return known.map((count, n): SlotCount => [hour * SLOTS_AN_HOUR + n, count + (n === SLOTS_AN_HOUR - 1 ? rest : 0)]).filter(([, count]) => count > 0);
}

/** What was accepted in the present slot and so many before it that there are `slots`. */
export function sumOf(counts: readonly SlotCount[], slots: number, nowMs: number): number {
  const first = slotOf(nowMs) - slots + 1;
  return counts.reduce((sum, [slot, recipients]) => (slot < first ? sum : sum + recipients), 0);
}

/** When less than `limit` is left in so many slots if nothing more is sent: the beginning of a slot. */
export function resumesAt(counts: readonly SlotCount[], slots: number, limit: number, nowMs: number): number {
  const present = slotOf(nowMs);
  let sum = sumOf(counts, slots, nowMs);
  for (const [slot, recipients] of counts) {
    if (slot <= present - slots) continue;
    sum -= recipients;
    if (sum < limit) return (slot + slots) * SLOT_MS;
  }
  return (present + 1) * SLOT_MS;
}
