/**
 * What is to become of a recipient that is due, as far as it can be said without asking its destination.
 *
 * RFC 2852 §4.1.3 · RFC 3461 §4.1
 */
import type { Program } from '#store/sql.ts';
import type { Lane } from './lane.ts';
import { type DueRecipient, type QueuedMessage, startOf } from './queue-rows.ts';
import type { DestinationRules } from './rules.ts';
import { readSuppressions, type Suppression, suppressionText } from './suppression.ts';
import type { Outcome } from './transport.ts';

/** A destination that rests does so for this long at most. */
export const LONGEST_REST_MS: number = 15 * 60_000;

export interface Found {
  readonly due: readonly DueRecipient[];
  /** By index. */
  readonly suppressed: ReadonlyMap<number, Suppression>;
}

export function* withSuppressions(reading: Program<readonly DueRecipient[]>, nowMs: number): Program<Found> {
  const due = yield* reading;
  const addresses = due.map(({ message: { account }, recipient: { localPart, domain } }) => ({ account, localPart, domain }));
  return { due, suppressed: yield* readSuppressions(addresses, nowMs) };
}

/** The outcome that needs no attempt; undefined: it takes one. */
export function foregone({ deliverBy }: QueuedMessage, suppression: Suppression | undefined, nowMs: number): Outcome | undefined {
  if (suppression !== undefined) return { kind: 'failed', status: '5.7.1', reply: suppressionText(suppression), host: undefined, isSuppressed: true };
  // RFC 2852 §4.1.3
  if (deliverBy?.mode === 'R' && nowMs >= deliverBy.atMs)
    return { kind: 'failed', status: '5.4.7', reply: 'The time in which the message was to be delivered is over', host: undefined };
  return undefined;
}

/** Whether the sender is to be told now if it fails again: it is late, or its time is over. */
export function isTimeForWord({ message, recipient }: DueRecipient, giveUpAfterMs: number, rules: DestinationRules, nowMs: number): boolean {
  const ageMs = nowMs - startOf(message);
  if (ageMs >= giveUpAfterMs) return true;
  const isLate = message.deliverBy?.mode === 'N' ? nowMs >= message.deliverBy.atMs : ageMs >= rules.delayNoticeAfterMs(message.sender, recipient.domain);
  return isLate && !recipient.isDelayTold && (recipient.notify === undefined || recipient.notify.includes('DELAY'));
}

/** Who has waited long can wait somewhat longer, so that a crowd behind a dead destination is not moved all the time. */
export function restFor(lane: Lane, { createdAtMs }: QueuedMessage, nowMs: number): number {
  return Math.round(lane.restsUntilMs + Math.random() * Math.min((nowMs - createdAtMs) / 4, 2 * LONGEST_REST_MS));
}

/** Not later than the message is to be there. */
export function inTime({ deliverBy }: QueuedMessage, ms: number, nowMs: number): number {
  return deliverBy !== undefined && deliverBy.atMs > nowMs ? Math.min(ms, deliverBy.atMs) : ms;
}
