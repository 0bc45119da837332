/**
 * A lane: everything that waits for one destination, and the connections that carry it. Connections are kept for the next message for a moment; a
 * destination that cannot be reached is left alone for a while, one that says we are too fast is served more slowly (pace.ts).
 */
import type { Semaphore } from '#core/async.ts';
import type { MessageContent } from './content.ts';
import { Pace } from './pace.ts';
import type { QueuedMessage, QueuedRecipient } from './queue-rows.ts';
import type { DestinationLimits } from './settings.ts';
import type { Destination, MailSession, Outcome } from './transport.ts';

/** One message for recipients of one destination. */
export interface Job {
  readonly message: QueuedMessage;
  readonly content: MessageContent;
  readonly recipients: readonly QueuedRecipient[];
}

/** What an attempt tells its lane. `untried`: nothing was sent, because the connection had been closed meanwhile. */
export type AttemptResult = 'taken' | 'not-taken' | 'pushed-back' | 'untried';

/** What a lane needs of the queue. */
export interface LaneHost {
  /** Connections to everywhere. */
  readonly slots: Semaphore;
  /** What must be known before; for this no place among the connections is taken. Throws nothing. */
  prepare(destination: Destination): Promise<void>;
  connect(destination: Destination): Promise<MailSession>;
  /** Hands over a message and sees to its results. Throws nothing. */
  attempt(job: Job, session: MailSession, destination: Destination): Promise<AttemptResult>;
  /** A lane that was full is half empty. */
  hasRoom(lane: Lane): void;
  /** No connection: sees to the results of all these. Returns what became of them, and until when the destination is left alone. */
  unreachable(jobs: readonly Job[], error: unknown, failures: number): { readonly outcome: Outcome; readonly restsUntilMs: number };
}

/** A connection without work is kept this long. */
const IDLE_MS = 1500;
/** A connection is not kept open through a longer pause. */
const KEEP_MS = 5000;
/** While other destinations wait for a connection, one that is busy gives way to them after so many messages, or so long. */
const TURN_MESSAGES = 50;
const TURN_MS = 30_000;
/** A lane holds what it can begin within this, within bounds. */
const AHEAD_MS = 60_000;

export class Lane {
  readonly key: string;
  readonly destination: Destination;
  readonly limits: DestinationLimits;
  /** Until then nothing is sent here, unless the administrator asks for it. */
  restsUntilMs: number = 0;
  /** Why. */
  lastFailure: Outcome | undefined;
  readonly #host: LaneHost;
  readonly #pace: Pace;
  /** Connections that the destination lets us have, as far as is known: one until it has answered. */
  #cap = 1;
  #jobs: Job[] = [];
  #waiting = 0;
  /** What it could hold when something was parked for it; 0: nothing was since it told of room. */
  #fullAt = 0;
  #workers = 0;
  #sessions = 0;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  readonly #wakers = new Set<() => void>();
  #isStopping = false;

  constructor(key: string, destination: Destination, host: LaneHost, limits: DestinationLimits) {
    this.key = key;
    this.destination = destination;
    this.limits = limits;
    this.#host = host;
    this.#pace = new Pace(limits);
  }

  /** Recipients that it still takes, where a lane may have `most` of them. */
  roomFor(most: number): number {
    return Math.max(0, this.#capacity(most) - this.#waiting);
  }

  /** Something was parked for it: it tells when there is room, at once if there is already. */
  awaitRoom(most: number): void {
    this.#fullAt = this.#capacity(most);
    this.#tellOfRoom();
  }

  /** Nothing waits and nothing runs. */
  get isEmpty(): boolean {
    return this.#workers === 0 && this.#jobs.length === 0;
  }

  add(job: Job): void {
    this.#jobs.push(job);
    this.#waiting += job.recipients.length;
    const [wake] = this.#wakers;
    if (wake) wake();
    else this.#startWorkers();
  }

  /** Lets connections end after their present message; returns what nobody has begun. */
  stop(): readonly Job[] {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    for (const wake of this.#wakers) wake();
    this.#waiting = 0;
    return this.#jobs.splice(0);
  }

  /** One connection for each message that waits: the parts of one go one after another over one. */
  #startWorkers(): void {
    const allowed = Math.min(this.#cap, this.#pace.connections);
    if (this.#workers >= allowed || this.#jobs.length === 0 || this.#isStopping) return;
    const waitMs = this.#pace.waitMs(performance.now());
    if (waitMs > KEEP_MS) {
      // Nobody holds a place among the connections meanwhile.
      this.#restart ??= setTimeout(() => {
        this.#restart = undefined;
        this.#startWorkers();
      }, waitMs);
      return;
    }
    const wanted = Math.min(allowed, messagesAmong(this.#jobs, allowed));
    while (this.#workers < wanted) {
      this.#workers++;
      void this.#host.prepare(this.destination).then(() => this.#host.slots.use(() => this.#work()));
    }
  }

  async #work(): Promise<void> {
    const beganAtMs = performance.now();
    let session: MailSession | undefined;
    let sent = 0;
    let turn = 0;
    try {
      while (!this.#isStopping) {
        if (this.#host.slots.waiting > 0 && (turn >= TURN_MESSAGES || (turn > 0 && performance.now() - beganAtMs > TURN_MS))) break;
        if (this.#workers > Math.min(this.#cap, this.#pace.connections) && this.#workers > 1) break;
        const waitMs = this.#jobs.length === 0 ? 0 : this.#pace.waitMs(performance.now());
        if (waitMs > KEEP_MS) break;
        if (waitMs > 0) {
          await this.#sleep(waitMs);
          continue;
        }
        const job = this.#take();
        if (!job) {
          if (!session) break;
          await this.#sleep(IDLE_MS);
          if (this.#jobs.length === 0) break;
          continue;
        }
        if (session && (!session.isUsable || sent >= this.limits.messagesPerConnection)) session = this.#end(session);
        this.#pace.began(performance.now());
        if (!session) {
          session = await this.#open(job);
          sent = 0;
          if (!session) break;
        }
        sent++;
        turn++;
        await this.#attempt(job, session);
      }
    } finally {
      if (session) this.#end(session);
      this.#workers--;
      this.#startWorkers();
    }
  }

  async #attempt(job: Job, session: MailSession): Promise<void> {
    const beganAtMs = performance.now();
    const result = await this.#host.attempt(job, session, this.destination);
    if (result === 'untried') this.#putBack(job);
    else if (result === 'taken') this.#pace.took(beganAtMs);
    else if (result === 'pushed-back') this.#pace.pushedBack(beganAtMs, performance.now());
  }

  /** Undefined: there is none, and the job has been seen to. */
  async #open(job: Job): Promise<MailSession | undefined> {
    const failuresBefore = this.#failures;
    try {
      const session = await this.#host.connect(this.destination);
      this.#sessions++;
      this.#failures = 0;
      this.restsUntilMs = 0;
      this.#cap = this.limits.connections;
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
        this.#fullAt = 0;
        const { outcome, restsUntilMs } = this.#host.unreachable(jobs, error, this.#failures);
        this.lastFailure = outcome;
        this.restsUntilMs = restsUntilMs;
      }
      return undefined;
    }
  }

  #end(session: MailSession): undefined {
    this.#sessions--;
    this.#cap = this.limits.connections;
    session.close();
  }

  #take(): Job | undefined {
    const job = this.#jobs.shift();
    if (!job) return undefined;
    this.#waiting -= job.recipients.length;
    this.#tellOfRoom();
    return job;
  }

  #capacity(most: number): number {
    const { intervalMs } = this.#pace;
    return intervalMs === 0 ? most : Math.min(most, Math.max(1, Math.ceil(AHEAD_MS / intervalMs)) * this.limits.recipientsPerMessage);
  }

  #tellOfRoom(): void {
    if (this.#fullAt === 0 || this.#waiting > this.#fullAt / 2) return;
    this.#fullAt = 0;
    this.#host.hasRoom(this);
  }

  #putBack(job: Job): void {
    this.#jobs.unshift(job);
    this.#waiting += job.recipients.length;
  }

  /** Until there is a job, the lane stops, or the time is over. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wakers.add(wake);
    });
  }
}

/** How many different messages there are, as far as it matters. */
function messagesAmong(jobs: readonly Job[], most: number): number {
  const seen = new Set<string>();
  for (const { message } of jobs) {
    seen.add(message.queueId);
    if (seen.size >= most) break;
  }
  return seen.size;
}
