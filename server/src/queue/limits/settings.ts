/** What the administrator can set about how much an account may send, and when its sending is put on hold. */

export interface SendingLimits {
  /** Recipients in any 60 minutes; 0: no limit. */
  readonly recipientsPerHour: number;
  /** Recipients in any 24 hours; 0: no limit. */
  readonly recipientsPerDay: number;
  /** What happens to what an account on hold submits: `keep` holds it in the queue, `refuse` refuses it in the conversation. */
  readonly onHold: 'keep' | 'refuse';
  readonly hold: HoldThresholds;
}

/** score.ts says what each is for. */
export interface HoldThresholds {
  /** Points that lead to a hold; 0: never. */
  readonly points: number;
  readonly newRecipients: number;
  readonly refusedRecipients: number;
  readonly refusedPercent: number;
  readonly rateFactor: number;
  readonly complaints: number;
}

export const DEFAULT_SENDING_LIMITS: SendingLimits = {
  recipientsPerHour: 500,
  recipientsPerDay: 2000,
  onHold: 'keep',
  hold: { points: 100, newRecipients: 100, refusedRecipients: 20, refusedPercent: 20, rateFactor: 10, complaints: 3 },
};

export const HOUR_MS = 3_600_000;
/** Hours that are kept: what an account usually sends is read from them. */
export const HOURS_KEPT: number = 14 * 24;

/** Hours since 1970. */
export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}
