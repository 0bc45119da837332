/**
 * What a temporary refusal asks of us: to come again soon (greylisting), or to slow down.
 *
 * RFC 6647 §4.3 (greylisting: the first retry should come soon) · RFC 5321 §3.8 (421) · RFC 3463 §3.8 (4.7.x)
 */
import { causeOf } from '#trail/explain/explain-reply.ts';
import type { Outcome } from './transport.ts';

const SOONEST_MS = 60_000;
const LATEST_MS = 15 * 60_000;
/** Where a greylisting server does not say when: most want five minutes, some one. */
const USUAL_MS = 2 * 60_000;
const MARGIN_MS = 5000;

/** When to come again after a refusal that is greylisting; undefined: it is something else. */
export function greylistDelayMs(outcome: Outcome): number | undefined {
  if (!isGreylisting(outcome)) return undefined;
  const text = outcome.reply.slice(0, 500);
  const clock = /\b(\d{1,2}):(\d{2}):(\d{2})\b/.exec(text);
  if (clock) return bounded((Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1000);
  const seconds = /\b(\d{1,5}) ?s(?:ec(?:ond)?s?)?\b/i.exec(text);
  if (seconds) return bounded(Number(seconds[1]) * 1000);
  const minutes = /\b(\d{1,3}) ?min(?:ute)?s?\b/i.exec(text);
  if (minutes) return bounded(Number(minutes[1]) * 60_000);
  return USUAL_MS;
}

/** Whether the destination wants less of us at a time. */
export function isPushback(outcome: Outcome): boolean {
  if (outcome.kind !== 'deferred' || outcome.host === undefined || isGreylisting(outcome)) return false;
  return outcome.reply.startsWith('421') || outcome.status.startsWith('4.7.');
}

function isGreylisting(outcome: Outcome): boolean {
  return outcome.kind === 'deferred' && outcome.host !== undefined && causeOf(outcome) === 'greylisted';
}

function bounded(ms: number): number {
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, ms + MARGIN_MS));
}
