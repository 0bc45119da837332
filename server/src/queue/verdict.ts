/**
 * What follows from the outcome of an attempt: done, again later, or given up; and what the sender is told.
 *
 * RFC 5321 §4.5.4.1 (retries, four to five days) · RFC 3461 §4.1 (NOTIFY), §5.2 · RFC 3463 §3.5 (4.4.7)
 */
import type { DsnAction } from '#message/dsn-text.ts';
import type { QueuedMessage, QueuedRecipient } from './queue-rows.ts';
import type { QueueSettings } from './settings.ts';
import type { Outcome } from './transport.ts';

export interface Verdict {
  readonly kind: 'done' | 'later' | 'untried';
  /** When to try again; not for `done`. */
  readonly dueAtMs: number;
  /** What the sender is told now; undefined: nothing. */
  readonly tell: Extract<DsnAction, 'failed' | 'delayed' | 'relayed'> | undefined;
  /** Of the outcome, or 4.4.7 where time is over. */
  readonly status: string;
}

/** Too many recipients in one transaction: the others may go in the next one. */
const TOO_MANY_RECIPIENTS = '4.5.3';

export interface VerdictContext {
  readonly settings: Pick<QueueSettings, 'retryDelaysMs' | 'giveUpAfterMs' | 'delayNoticeAfterMs'>;
  readonly nowMs: number;
  /** Somebody else in the same transaction got the message. */
  readonly hasDelivered: boolean;
  /** From 0 to 1: spreads attempts that failed together. */
  readonly chance: number;
}

export function judge(message: QueuedMessage, recipient: QueuedRecipient, outcome: Outcome, context: VerdictContext): Verdict {
  const { settings, nowMs } = context;
  const { status } = outcome;
  switch (outcome.kind) {
    case 'delivered':
      return {
        kind: 'done',
        dueAtMs: 0,
        tell: outcome.tellsFurther !== true && recipient.notify?.includes('SUCCESS') === true ? 'relayed' : undefined,
        status,
      };
    case 'failed':
      return { kind: 'done', dueAtMs: 0, tell: wants(recipient, 'FAILURE') ? 'failed' : undefined, status };
    case 'deferred':
      break;
  }
  if (outcome.isUntried === true || (status === TOO_MANY_RECIPIENTS && context.hasDelivered))
    return { kind: 'untried', dueAtMs: nowMs, tell: undefined, status };
  const endMs = message.createdAtMs + settings.giveUpAfterMs;
  if (nowMs >= endMs) return { kind: 'done', dueAtMs: 0, tell: wants(recipient, 'FAILURE') ? 'failed' : undefined, status: '4.4.7' };
  const isLate = nowMs >= message.createdAtMs + settings.delayNoticeAfterMs;
  const delay = settings.retryDelaysMs[Math.min(recipient.attempts, settings.retryDelaysMs.length - 1)] ?? 60_000;
  return {
    kind: 'later',
    // The last attempt is made when the time is over.
    dueAtMs: Math.min(Math.round(nowMs + delay * (0.9 + 0.2 * context.chance)), Math.max(endMs, nowMs + 1000)),
    tell: isLate && !recipient.isDelayTold && wants(recipient, 'DELAY') ? 'delayed' : undefined,
    status,
  };
}

/** Who said nothing about notices hears of failures and delays (RFC 3461 §4.1). */
function wants(recipient: QueuedRecipient, event: 'FAILURE' | 'DELAY'): boolean {
  return recipient.notify === undefined || recipient.notify.includes(event);
}
