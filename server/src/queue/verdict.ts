/**
 * What follows from the outcome of an attempt: done, again later, or given up; and what the sender is told.
 *
 * RFC 5321 §4.5.4.1 (retries, four to five days) · RFC 3461 §4.1 (NOTIFY), §5.2 · RFC 3463 §3.5 (4.4.7) · RFC 2852 §4.1.3, §4.1.4 (DELIVERBY)
 */
import type { DsnAction } from '#message/dsn-text.ts';
import { greylistDelayMs } from './pushback.ts';
import { type QueuedMessage, type QueuedRecipient, startOf } from './queue-rows.ts';
import type { QueueSettings } from './settings.ts';
import type { Outcome } from './transport.ts';

export interface Verdict {
  readonly kind: 'done' | 'later' | 'untried';
  /** When to try again; not for `done`. */
  readonly dueAtMs: number;
  /** What the sender is told now; undefined: nothing. */
  readonly tell: Extract<DsnAction, 'failed' | 'delayed' | 'relayed' | 'delivered'> | undefined;
  /** Of the outcome, or 4.4.7 or 5.4.7 where time is over. */
  readonly status: string;
}

/** Too many recipients in one transaction: the others may go in the next one. */
const TOO_MANY_RECIPIENTS = '4.5.3';
const TIME_IS_OVER = '4.4.7';
/** RFC 2852 §4.1.3: and the message is returned. */
const RETURNED_LATE = '5.4.7';

export interface VerdictContext {
  readonly settings: Pick<QueueSettings, 'retryDelaysMs' | 'giveUpAfterMs' | 'delayNoticeAfterMs'>;
  readonly nowMs: number;
  /** Somebody else in the same transaction got the message. */
  readonly hasDelivered: boolean;
  /** From 0 to 1: spreads attempts that failed together. */
  readonly chance: number;
}

export function judge(message: QueuedMessage, recipient: QueuedRecipient, outcome: Outcome, context: VerdictContext): Verdict {
  const { status } = outcome;
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'done', dueAtMs: 0, tell: successNotice(message, recipient, outcome), status };
    case 'failed':
      return { kind: 'done', dueAtMs: 0, tell: wants(recipient, 'FAILURE') ? 'failed' : undefined, status };
    case 'deferred':
      return judgeDeferred(message, recipient, outcome, context);
  }
}

function judgeDeferred(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  outcome: Outcome,
  { settings, nowMs, hasDelivered, chance }: VerdictContext,
): Verdict {
  const { status } = outcome;
  if (outcome.isUntried === true || (status === TOO_MANY_RECIPIENTS && hasDelivered)) return { kind: 'untried', dueAtMs: nowMs, tell: undefined, status };
  const { deliverBy } = message;
  if (deliverBy?.mode === 'R' && nowMs >= deliverBy.atMs) return giveUp(recipient, RETURNED_LATE);
  const endMs = startOf(message) + settings.giveUpAfterMs;
  if (nowMs >= endMs) return giveUp(recipient, TIME_IS_OVER);
  // Who has said by when it must be there hears then that it is not.
  const lateAtMs = deliverBy?.mode === 'N' ? deliverBy.atMs : startOf(message) + settings.delayNoticeAfterMs;
  const isLate = nowMs >= lateAtMs;
  const stopsMs = deliverBy !== undefined && deliverBy.atMs > nowMs ? Math.min(endMs, deliverBy.atMs) : endMs;
  return {
    kind: 'later',
    // The last attempt is made when the time is over.
    dueAtMs: Math.min(nowMs + delayOf(recipient, outcome, settings, chance), Math.max(stopsMs, nowMs + 1000)),
    tell: isLate && !recipient.isDelayTold && wants(recipient, 'DELAY') ? 'delayed' : undefined,
    status: isLate && deliverBy?.mode === 'N' ? TIME_IS_OVER : status,
  };
}

function delayOf(recipient: QueuedRecipient, outcome: Outcome, { retryDelaysMs }: Pick<QueueSettings, 'retryDelaysMs'>, chance: number): number {
  const usual = Math.round((retryDelaysMs[Math.min(recipient.attempts, retryDelaysMs.length - 1)] ?? 60_000) * (0.9 + 0.2 * chance));
  const soon = recipient.attempts < GREYLISTED_ATTEMPTS ? greylistDelayMs(outcome) : undefined;
  return soon === undefined ? usual : Math.round(soon * (1 + 0.1 * chance));
}

/** A server that still says so afterwards means something else by it. */
const GREYLISTED_ATTEMPTS = 3;

function giveUp(recipient: QueuedRecipient, status: string): Verdict {
  return { kind: 'done', dueAtMs: 0, tell: wants(recipient, 'FAILURE') ? 'failed' : undefined, status };
}

/**
 * What the sender hears of a success: that it was passed on, where the next server does not report itself (RFC 3461 §5.2.2), where it does not answer for the time
 * (RFC 2852 §4.1.4.2), or where every hop is to be told of (§4.1.4).
 */
function successNotice({ deliverBy }: QueuedMessage, { notify }: QueuedRecipient, outcome: Outcome): Verdict['tell'] {
  const isAsked = notify?.includes('SUCCESS') === true;
  if (outcome.isHere === true) return isAsked ? 'delivered' : undefined;
  const isTimed = deliverBy !== undefined && (deliverBy.isTraced || outcome.promisesTime !== true) && notify?.includes('NEVER') !== true;
  return isTimed || (isAsked && outcome.tellsFurther !== true) ? 'relayed' : undefined;
}

/** Who said nothing about notices hears of failures and delays (RFC 3461 §4.1). */
function wants(recipient: QueuedRecipient, event: 'FAILURE' | 'DELAY'): boolean {
  return recipient.notify === undefined || recipient.notify.includes(event);
}
