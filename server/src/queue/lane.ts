/**
 * A lane: everything that waits for one destination, and the connections that carry it. Connections are kept for the next message for a moment; a
 * destination that cannot be reached is left alone for a while.
 */
import type { Semaphore } from '#core/async.ts';
import type { MessageContent } from './content.ts';
import type { QueuedMessage, QueuedRecipient } from './queue-rows.ts';
import type { Destination, MailSession } from './transport.ts';

/** One message for up to 100 recipients of one destination. */
export interface Job {
  readonly message: QueuedMessage;
  readonly content: MessageContent;
  readonly recipients: readonly QueuedRecipient[];
}

/** What a lane needs of the queue. */
export interface LaneHost {
  /** Connections to everywhere. */
  readonly slots: Semaphore;
  connect(destination: Destination): Promise<MailSession>;
  /** Hands over a message and sees to its results; false: nothing was tried, because the connection had been closed meanwhile. Throws nothing. */
  attempt(job: Job, session: MailSession, destination: Destination): Promise<boolean>;
  /** A lane that was full is half empty. */
  hasRoom(): void;
  /** No connection: sees to the results of all these. Returns until when the destination is left alone. */
  unreachable(jobs: readonly Job[], error: unknown, failures: number): number;
}

/** A connection without work is kept this long. */
const IDLE_MS = 1500;
/** Above this many waiting recipients a lane takes no more until some are done. */
const FULL = 1000;

export class Lane {
  readonly key: string;
  readonly destination: Destination;
  /** Until then nothing is sent here, unless the administrator asks for it. */
  restsUntilMs: number = 0;
  readonly #host: LaneHost;
  readonly #limit: number;
  /** Connections that the destination lets us have, as far as is known: one until it has answered. */
  #cap = 1;
  #jobs: Job[] = [];
  #waiting = 0;
  #wasFull = false;
  #workers = 0;
  #sessions = 0;
  #failures = 0;
  readonly #idle: Array<(job: Job | undefined) => void> = [];
  #isStopping = false;

  constructor(key: string, destination: Destination, host: LaneHost, limit: number) {
    this.key = key;
    this.destination = destination;
    this.#host = host;
    this.#limit = limit;
  }

  get isFull(): boolean {
    if (this.#waiting >= FULL) this.#wasFull = true;
    return this.#waiting >= FULL;
  }

  /** Nothing waits and nothing runs. */
  get isEmpty(): boolean {
    return this.#workers === 0 && this.#jobs.length === 0;
  }

  add(job: Job): void {
    const idle = this.#idle.pop();
    if (idle) {
      idle(job);
      return;
    }
    this.#jobs.push(job);
    this.#waiting += job.recipients.length;
    this.#startWorkers();
  }

  /** Lets connections end after their present message; returns what nobody has begun. */
  stop(): readonly Job[] {
    this.#isStopping = true;
    for (const wake of this.#idle.splice(0)) wake(undefined);
    this.#waiting = 0;
    return this.#jobs.splice(0);
  }

  #startWorkers(): void {
    const wanted = Math.min(this.#cap, this.#jobs.length);
    while (this.#workers < wanted && !this.#isStopping) {
      this.#workers++;
      void this.#host.slots.use(() => this.#work());
    }
  }

  async #work(): Promise<void> {
    let session: MailSession | undefined;
    try {
      for (;;) {
        const job = this.#take() ?? (session && (await this.#nextJob()));
        if (!job) break;
        if (session && !session.isUsable) session = this.#end(session);
        if (!session) {
          session = await this.#open(job);
          if (!session) break;
        }
        if (!(await this.#host.attempt(job, session, this.destination))) this.#putBack(job);
      }
    } finally {
      if (session) this.#end(session);
      this.#workers--;
      this.#startWorkers();
    }
  }

  /** Undefined: there is none, and the job has been seen to. */
  async #open(job: Job): Promise<MailSession | undefined> {
    const failuresBefore = this.#failures;
    try {
      const session = await this.#host.connect(this.destination);
      this.#sessions++;
      this.#failures = 0;
      this.restsUntilMs = 0;
      this.#cap = this.#limit;
      this.#startWorkers();
      return session;
    } catch (error) {
      // The destination may only be taking no more connections than it has.
      if (this.#sessions > 0 && !this.#isStopping) {
        this.#cap = this.#sessions;
        this.#putBack(job);
      } else {
        // Connections that were tried together fail once.
        if (this.#failures === failuresBefore) this.#failures++;
        this.#cap = 1;
        const jobs = [job, ...this.#jobs.splice(0)];
        this.#waiting = 0;
        this.restsUntilMs = this.#host.unreachable(jobs, error, this.#failures);
      }
      return undefined;
    }
  }

  #end(session: MailSession): undefined {
    this.#sessions--;
    this.#cap = this.#limit;
    session.close();
  }

  #take(): Job | undefined {
    const job = this.#jobs.shift();
    if (!job) return undefined;
    this.#waiting -= job.recipients.length;
    if (this.#wasFull && this.#waiting < FULL / 2) {
      this.#wasFull = false;
      this.#host.hasRoom();
    }
    return job;
  }

  #putBack(job: Job): void {
    this.#jobs.unshift(job);
    this.#waiting += job.recipients.length;
  }

  /** The next job, if one comes while the connection is worth keeping. */
  #nextJob(): Promise<Job | undefined> {
    if (this.#isStopping) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const at = this.#idle.indexOf(take);
        if (at >= 0) this.#idle.splice(at, 1);
        resolve(undefined);
      }, IDLE_MS);
      const take = (job: Job | undefined): void => {
        clearTimeout(timer);
        resolve(job);
      };
      this.#idle.push(take);
    });
  }
}
