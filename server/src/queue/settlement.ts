/**
 * Writes results down, many in one mutation: attempts end all the time, and each commit costs a trip to the writer. What could not be written stays here
 * and is tried again, because a delivered message whose row remains would be delivered twice.
 */
import { DomainError } from '#core/errors.ts';
import type { Log } from '#log/log.ts';
import type { TrailEvent } from '#trail/record.ts';
import type { Notice } from './notice.ts';
import { type AddressOfAccount, type Bounce, settle, type Settled } from './settle.ts';
import type { QueueServices } from './settings.ts';

/** Results gather for this long. */
const GATHER_MS = 4;
const MOST_RESULTS = 500;
const RETRY_MS = 2000;

/** What one attempt came to. */
export interface Entry {
  readonly results: readonly Settled[];
  readonly trail?: readonly TrailEvent[];
  readonly notice?: Notice | undefined;
  readonly bounces?: readonly Bounce[];
  readonly taken?: readonly AddressOfAccount[];
}

export class Settlement {
  readonly #services: QueueServices;
  readonly #onSettled: (results: readonly Settled[]) => void;
  #gathered: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopping = false;

  constructor(services: QueueServices, onSettled: (results: readonly Settled[]) => void) {
    this.#services = services;
    this.#onSettled = onSettled;
  }

  add(entry: Entry): void {
    this.#gathered.push(entry);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, GATHER_MS);
  }

  /** Writes everything, or logs what could not be written. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#gathered.length > 0 || this.#running) {
      this.#run();
      await this.#running;
    }
  }

  #run(): void {
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
      if (this.#gathered.length > 0 && !this.#isStopping) this.#run();
    });
  }

  async #write(): Promise<void> {
    await this.#writeAll(this.#takeSome());
  }

  async #writeAll(entries: readonly Entry[]): Promise<void> {
    const { store, owner, clock, log, settings } = this.#services;
    const results = entries.flatMap((entry) => entry.results);
    const notices = entries.flatMap(({ notice }) => (notice ? [notice] : []));
    const args = {
      owner,
      nowMs: clock.nowMs(),
      results,
      trail: entries.flatMap(({ trail = [] }) => trail),
      notices: notices.flatMap((notice, body) => (notice.kind === 'outgoing' ? [{ ...notice.outgoing, body }] : [])),
      localNotices: notices.flatMap((notice, body) => (notice.kind === 'local' ? [{ ...notice.local, body }] : [])),
      bounces: entries.flatMap(({ bounces = [] }) => bounces),
      taken: entries.flatMap(({ taken = [] }) => taken),
      rule: settings.suppression,
    };
    for (;;) {
      try {
        await store.commit(
          settle,
          args,
          notices.map(({ bytes }) => ({ bytes })),
        );
        break;
      } catch (error) {
        log.error('queue.failed', error, { results: results.length });
        const isTemporary = error instanceof DomainError && error.temporary;
        if (!isTemporary && entries.length > 1) {
          // One of them is at fault: the others must not wait for it.
          for (const entry of entries) await this.#writeAll([entry]);
          return;
        }
        const [entry] = entries;
        if (!isTemporary && entry && isMoreThanResults(entry)) {
          // A delivered message must not go out anew with every lease because something else about it cannot be written.
          await this.#writeAll([{ results: entry.results }]);
          return;
        }
        if (this.#isStopping || !isTemporary) {
          warnOfRepeats(log, results);
          break;
        }
        await pause(RETRY_MS);
      }
    }
    this.#onSettled(results);
  }

  #takeSome(): Entry[] {
    let count = 0;
    let results = 0;
    for (const entry of this.#gathered) {
      if (count > 0 && results + entry.results.length > MOST_RESULTS) break;
      results += entry.results.length;
      count++;
    }
    return this.#gathered.splice(0, count);
  }
}

/** There is a trail besides, or what was learnt. A notice is no mere addition: what cannot be told of is not settled. */
function isMoreThanResults({ trail = [], notice, bounces = [], taken = [] }: Entry): boolean {
  return notice === undefined && trail.length + bounces.length + taken.length > 0;
}

function warnOfRepeats(log: Log, results: readonly Settled[]): void {
  for (const { kind, queueId, n } of results) {
    if (kind === 'done') log.warn('queue.repeated', { queueId, recipient: n, cause: 'the delivery could not be written down' });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
