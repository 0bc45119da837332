/** Work in the background of the main thread: the housekeeping of the store and the directory, the keys of the trail, the watch over what accounts send. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { ForwardBook } from '#delivery/forwarding/forward-book.ts';
import { tendDkimKeys } from '#directory/dkim-keys-tend.ts';
import { findDomain } from '#directory/domains.ts';
import { domainKey } from '#directory/names.ts';
import { tendDirectory } from '#directory/tend-directory.ts';
import type { Log } from '#log/log.ts';
import { tendLimits } from '#queue/limits/tend.ts';
import { SendingWatch } from '#queue/limits/watch.ts';
import { sendPosts } from '#queue/reports/https/send-posts.ts';
import { forgetReports, readReportMails } from '#queue/reports/read-mails.ts';
import { sendReports } from '#queue/reports/send.ts';
import { tendSuppressions } from '#queue/suppression.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { keepHouse } from '#store/housekeeping.ts';
import type { Store } from '#store/store.ts';
import { indexTrail } from '#trail/index-trail.ts';
import { pruneTrail } from '#trail/prune.ts';
import { tendForwarding, tellOfForwarding } from './forwarding.ts';
import { reportPoster, reportSettings } from './reports.ts';
import { sendingLimits } from './sending-limits.ts';

export interface JobParts {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  readonly resolver: Resolver;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Reports of other servers are kept for a bit more than a year. */
const REPORTS_KEPT_MS = 400 * 24 * 60 * MINUTE_MS;

/** Starts them; disposing ends each between two slices. */
export function startJobs({ config, store, log, resolver }: JobParts): AsyncDisposable {
  const abort = new AbortController();
  const { signal } = abort;
  const forwards = new ForwardBook(store);
  const poster = reportPoster(resolver);
  const jobs: readonly Job[] = [
    { name: 'trail keys', firstMs: 5 * SECOND_MS, everyMs: 15 * SECOND_MS, work: async () => void (await indexTrail(store)) },
    { name: 'mails about forwards', firstMs: 5 * SECOND_MS, everyMs: 10 * SECOND_MS, work: () => tellOfForwarding(config, store, forwards) },
    { name: 'forwarding secrets', firstMs: MINUTE_MS, everyMs: 24 * 60 * MINUTE_MS, work: () => tendForwarding(config, store) },
    {
      name: 'reports to other servers',
      firstMs: 10 * MINUTE_MS,
      everyMs: 60 * MINUTE_MS,
      work: () => sendReports({ store, clock: systemClock, log, resolver, settings: reportSettings(config) }, signal),
    },
    {
      name: 'reports to HTTPS servers',
      firstMs: 10 * SECOND_MS,
      everyMs: 15 * SECOND_MS,
      work: () => sendPosts({ store, clock: systemClock, log, poster }, signal),
    },
    {
      name: 'reports of other servers',
      firstMs: 10 * SECOND_MS,
      everyMs: 15 * SECOND_MS,
      work: () => readReportMails({ store, clock: systemClock, log, resolver, isLocalDomain: isOurs(store) }, signal),
    },
    { name: 'old reports', firstMs: 20 * MINUTE_MS, everyMs: 24 * 60 * MINUTE_MS, work: () => forgetReports({ store }, systemClock.nowMs() - REPORTS_KEPT_MS) },
    { name: 'sending counts', firstMs: 10 * MINUTE_MS, everyMs: 24 * 60 * MINUTE_MS, work: () => tendLimits(store, systemClock) },
    {
      name: 'DKIM keys',
      firstMs: 0,
      everyMs: 10 * MINUTE_MS,
      work: () => tendDkimKeys({ store, resolver, clock: systemClock, log, rotation: config.dkim, signal }),
    },
    {
      name: 'housekeeping',
      firstMs: 5 * MINUTE_MS,
      everyMs: 30 * MINUTE_MS,
      work: async () => {
        const onCompacted = (segment: number, liveBytes: number, sizeBytes: number): void => log.info('store.compacted', { segment, liveBytes, sizeBytes });
        await keepHouse({
          store,
          directory: config.server.dataDirectory,
          clock: systemClock,
          graceMs: config.store.graceMs,
          logMs: config.store.changeLogMs,
          onCompacted,
          signal,
        });
        await tendDirectory(store, systemClock);
        await tendSuppressions(store, systemClock.nowMs());
        await pruneTrail(store, systemClock.nowMs() - config.store.trailMs);
      },
    },
  ];
  const running = jobs.map((job) => repeat(job, log, signal));
  const watch = new SendingWatch({ store, clock: systemClock, log, limits: sendingLimits(config), domain: config.server.domain });
  return {
    async [Symbol.asyncDispose]() {
      abort.abort();
      await Promise.all([...running, watch[Symbol.asyncDispose]()]);
    },
  };
}

/** Whether a domain is received here. */
function isOurs(store: Store): (domain: string) => Promise<boolean> {
  return async (domain) => {
    const key = domainKey(domain);
    return key !== undefined && (await store.query(findDomain(key))) !== undefined;
  };
}

interface Job {
  readonly name: string;
  readonly firstMs: number;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
}

/** One round after the other until the signal; a round that fails is logged, and the next one goes on where it ended. */
async function repeat({ name, firstMs, everyMs, work }: Job, log: Log, signal: AbortSignal): Promise<void> {
  for (let pauseMs = firstMs; await hasSlept(pauseMs, signal); pauseMs = everyMs) {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.error('server.job.failed', error, { job: name });
    }
  }
}

/** False where the signal came first. */
function hasSlept(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isOver: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(isOver);
    };
    const onAbort = (): void => end(false);
    const timer = setTimeout(() => end(true), ms);
    signal.addEventListener('abort', onAbort);
  });
}
