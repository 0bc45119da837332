/**
 * Sends the reports that wait for HTTPS servers: again and again with growing pauses, for a day.
 *
 * RFC 8460 §5.5 (redelivery for 24 hours, with exponential backoff)
 */
import type { ReportServices } from '../settings.ts';
import { type Poster, postReport } from './post.ts';
import { beginPost, readDuePosts, settlePost, type WaitingPost } from './rows.ts';

export type PostServices = Pick<ReportServices, 'store' | 'clock' | 'log'> & { readonly poster: Poster };

/** At once: each may take a minute to say nothing. */
const AT_ONCE = 10;
const FIRST_PAUSE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** Sends what is due. An attempt is noted before it is made; one whose outcome a crash has lost is made again after its pause, and the report has the same id. */
export async function sendPosts(services: PostServices, signal: AbortSignal): Promise<void> {
  for (;;) {
    const due = await services.store.query(readDuePosts(services.clock.nowMs(), AT_ONCE));
    if (due.length === 0) return;
    await Promise.all(due.map((post) => sendPost(services, post, signal)));
    signal.throwIfAborted();
  }
}

async function sendPost({ store, clock, log, poster }: PostServices, post: WaitingPost, signal: AbortSignal): Promise<void> {
  const { id, uri, day, domain } = post;
  const lastMs = post.createdAtMs + GIVE_UP_AFTER_MS;
  const beganAtMs = clock.nowMs();
  const isLast = beganAtMs >= lastMs;
  const dueAtMs = isLast ? beganAtMs + FIRST_PAUSE_MS : Math.min(beganAtMs + pauseAfter(post.attempts), lastMs);
  if (!(await store.commit(beginPost, { id, uri, dueAtMs }))) return;
  const { isTaken, reply, host, tls } = await postReport(poster, uri, post.report, signal);
  // The server stops: that is nobody's failure.
  if (!isTaken && signal.aborted) return;
  const outcome = isTaken ? 'delivered' : isLast ? 'bounced' : 'deferred';
  await store.commit(settlePost, { id, uri, nowMs: clock.nowMs(), outcome, reply, host, tls });
  if (isTaken) log.info('reports.posted', { kind: 'tls', domain, day, to: uri, id });
  else log.warn('reports.failed', { kind: 'tls', domain, day, to: uri, id, cause: reply, isGivenUp: outcome === 'bounced' });
}

/** 5 minutes after the first attempt, twice as long after each further one, at most 4 hours. */
function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20), LONGEST_PAUSE_MS);
}
