/**
 * The scheduler: claims what is due, sorts it into lanes by destination, and sees to the results. All durable state is in the store; what is here can be lost
 * at any moment without losing mail. Run it in one thread, or in several with different owners.
 *
 * At least once: a message is handed over before that is written down, so a crash in between sends it again. Each such case is in the trail and the log (`repeated`).
 *
 * RFC 5321 §4.5.4 (retry strategies) · docs/queue.md
 */
import { Semaphore } from '#core/async.ts';
import { Conclusions } from './conclusions.ts';
import { MessageContent, type Sign } from './content.ts';
import { Filing } from './filing.ts';
import { InHand, LEASE_MS } from './in-hand.ts';
import type { AttemptResult, Job, Lane, LaneHost } from './lane.ts';
import { Lanes, LANES_REMEMBERED } from './lanes.ts';
import { claim, freeLeases, type Postponement, type RecipientKey } from './leases.ts';
import { foregone, type Found, inTime, isTimeForWord, LONGEST_REST_MS, restFor, withSuppressions } from './plan.ts';
import { isPushback } from './pushback.ts';
import { type DueRecipient, type QueuedMessage, type QueuedRecipient, readDue, readNextDue, readParked, readParkedLanes } from './queue-rows.ts';
import { destinationKey, makeRouting, type Routing } from './routing.ts';
import { type DestinationRules, makeRules } from './rules.ts';
import { LoginMemory } from './login-memory.ts';
import { Rush } from './rush.ts';
import { sendJob } from './send-job.ts';
import type { Settled } from './settle.ts';
import { Settlement } from './settlement.ts';
import type { QueueServices } from './settings.ts';
import { type Destination, type MailSession, type Outcome, TransportError } from './transport.ts';

/** Recipients looked at, and claimed, at one time. */
const LOOK = 500;
const MOST_IN_HAND = 10_000;
/** Recipients that one lane holds; fewer while much is in hand altogether, so that slow destinations leave room for the others. */
const LANE_RECIPIENTS = 500;
const NARROW_LANE_RECIPIENTS = 50;
const LONGEST_SLEEP_MS = 60_000;
const AFTER_ERROR_MS = 5000;
/** What waits for a full lane is taken from behind the others as soon as there is room, and comes back by itself after this. */
const PARKED_MS = 10 * 60_000;
const NOTHING = new Uint8Array(0);

export class Queue implements AsyncDisposable {
  readonly #services: QueueServices;
  readonly #sign: Sign | undefined;
  readonly #routing: Routing;
  readonly #rules: DestinationRules;
  readonly #logins: LoginMemory;
  readonly #settlement: Settlement;
  readonly #conclusions: Conclusions;
  readonly #lanes: Lanes;
  /** Keys of lanes that can take what was parked for them. */
  readonly #refills = new Set<string>();
  readonly #inHand: InHand;
  readonly #abort = new AbortController();
  readonly #filing: Filing;
  readonly #subscription: Disposable;
  readonly #running: Promise<void>;
  readonly #rush = new Rush();
  #isStopping = false;
  #isWoken = false;
  #wake: (() => void) | undefined;
  /** There was no room for another look. */
  #isFull = false;

  /** Begins to work at once. */
  constructor(services: QueueServices) {
    this.#services = services;
    if (services.sign) this.#sign = (message, content) => services.sign?.(message, content) ?? Promise.resolve(NOTHING);
    this.#routing = makeRouting(services.settings);
    this.#rules = makeRules(services.settings);
    this.#logins = new LoginMemory(services);
    this.#inHand = new InHand(services);
    this.#filing = new Filing(services);
    this.#settlement = new Settlement(services, (results) => {
      this.#settled(results);
    });
    this.#conclusions = new Conclusions(services, this.#settlement, this.#rules);
    const host: LaneHost = {
      slots: new Semaphore(services.settings.connections),
      prepare: (destination) => services.transport.prepare?.(destination, this.#abort.signal) ?? Promise.resolve(),
      connect: (destination) => services.transport.connect(destination, this.#abort.signal),
      attempt: (job, session, destination) => this.#attempt(job, session, destination),
      hasRoom: ({ key }) => {
        this.#refills.add(key);
        this.#wakeUp();
      },
      unreachable: (jobs, error, failures) => this.#unreachable(jobs, error, failures),
    };
    this.#lanes = new Lanes({ clock: services.clock, routing: this.#routing, rules: this.#rules, logins: this.#logins, host });
    this.#subscription = services.store.onNotify('queue', () => {
      this.#rush.note();
      this.#wakeUp();
    });
    this.#running = this.#run();
  }

  /** Recipients that are being seen to. */
  get inHand(): number {
    return this.#inHand.size;
  }

  /** Takes no more, lets messages that are under way end within `graceMs`, gives the rest back, and writes everything down. */
  async stop(graceMs: number = 5000): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#conclusions.isStopping = true;
    this.#subscription[Symbol.dispose]();
    this.#wakeUp();
    await this.#running;
    for (const lane of this.#lanes.all()) for (const job of lane.stop()) this.#conclusions.giveBack(job);
    await this.#inHand.empty(graceMs);
    this.#abort.abort();
    await this.#inHand.empty(1000);
    await this.#settlement.stop();
    this.#inHand[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    let isFreed = false;
    while (!this.#isStopping) {
      try {
        if (!isFreed) await this.#takeUp();
        isFreed = true;
        this.#isWoken = false;
        const hasMoreParked = await this.#refill();
        const isFullLook = (await this.#look()) || hasMoreParked;
        if (!isFullLook) await this.#sleep(await this.#untilNextDue());
        if (!this.#isStopping && !isFullLook) await this.#rush.pass();
      } catch (error) {
        if (this.#isStopping) return;
        this.#services.log.error('queue.failed', error);
        await this.#sleep(AFTER_ERROR_MS);
      }
    }
  }

  /** What an earlier life had begun is due again, and what it had parked is looked for. */
  async #takeUp(): Promise<void> {
    const { store, owner, clock } = this.#services;
    while (!this.#isStopping) {
      const unsure = await store.commit(freeLeases, { owner, nowMs: clock.nowMs() });
      this.#warnOfRepeats(unsure, 'an attempt was under way when the server ended; if it had succeeded, the message arrives twice');
      if (unsure.length === 0) break;
    }
    for (const lane of await store.query(readParkedLanes(LANES_REMEMBERED))) this.#refills.add(lane);
  }

  /** Claims what is due; true when there may be more. */
  async #look(): Promise<boolean> {
    this.#isFull = MOST_IN_HAND - this.#inHand.size < LOOK;
    if (this.#isFull) return false;
    const nowMs = this.#services.clock.nowMs();
    const found = await this.#services.store.query(withSuppressions(readDue(nowMs, LOOK), nowMs));
    const { claimed, postponed } = await this.#take(found, nowMs);
    return found.due.length === LOOK && claimed + postponed > 0;
  }

  /** Gives lanes what was parked for them; true when there may be more. */
  async #refill(): Promise<boolean> {
    const [key] = this.#refills;
    if (key === undefined || MOST_IN_HAND - this.#inHand.size < LOOK) return false;
    this.#refills.delete(key);
    const nowMs = this.#services.clock.nowMs();
    const room = this.#lanes.get(key)?.roomFor(this.#laneRoom) ?? this.#laneRoom;
    const found = await this.#services.store.query(withSuppressions(readParked(key, room), nowMs));
    const { claimed } = await this.#take(found, nowMs);
    // What a resting lane does not take comes back by itself.
    if (found.due.length === room && (claimed > 0 || room === 0)) this.#lanes.get(key)?.awaitRoom(this.#laneRoom);
    return this.#refills.size > 0;
  }

  /** Claims what can be tried now and puts the rest out of the way. */
  async #take({ due, suppressed }: Found, nowMs: number): Promise<{ readonly claimed: number; readonly postponed: number }> {
    const { store, owner } = this.#services;
    if (this.#routing.namesAccounts) await this.#logins.learn(due.map(({ message }) => message.account));
    const plans: Plan[] = [];
    const postpone: Postponement[] = [];
    const room = new Map<Lane, number>();
    const full = new Set<Lane>();
    let isLate = false;
    for (const [index, found] of due.entries()) {
      const key: RecipientKey = [found.message.queueId, found.recipient.n];
      // An own lease that ended before its work (the machine slept): it goes on.
      if (this.#inHand.has(key)) isLate = true;
      else {
        const outcome = foregone(found.message, suppressed.get(index), nowMs);
        const isHere = outcome === undefined && found.message.releaseAtMs !== undefined && (await this.#services.isLocalDomain(found.recipient.domain));
        if (outcome !== undefined || isHere) plans.push({ found, lane: undefined, outcome });
        else {
          const lane = this.#lanes.of(found);
          const left = room.get(lane) ?? lane.roomFor(this.#laneRoom);
          if (lane.restsUntilMs > nowMs && found.recipient.dueAtMs !== 0) {
            // What fails there now fails for the reason that it rests for: who waits for word of it hears it in time.
            if (lane.lastFailure && isTimeForWord(found, this.#services.settings.giveUpAfterMs, this.#rules, nowMs))
              plans.push({ found, lane: undefined, outcome: lane.lastFailure });
            else postpone.push({ key, untilMs: inTime(found.message, restFor(lane, found.message, nowMs), nowMs), parked: null });
          } else if (left > 0) {
            room.set(lane, left - 1);
            plans.push({ found, lane, outcome: undefined });
          } else {
            full.add(lane);
            postpone.push({ key, untilMs: inTime(found.message, nowMs + PARKED_MS, nowMs), parked: lane.key });
          }
        }
      }
    }
    if (isLate) await this.#inHand.renew();
    if (plans.length === 0 && postpone.length === 0) return { claimed: 0, postponed: 0 };
    const keys = plans.map(({ found }): RecipientKey => [found.message.queueId, found.recipient.n]);
    const { got, unsure } = await store.commit(claim, { owner, nowMs, untilMs: nowMs + LEASE_MS, claim: keys, postpone });
    this.#warnOfRepeats(unsure, 'the lease of an attempt ended before it was known what came of it');
    this.#dispatch(plans.filter((_, index) => got[index] === true));
    for (const lane of full) lane.awaitRoom(this.#laneRoom);
    return { claimed: plans.length, postponed: postpone.length };
  }

  /** Makes jobs of recipients: those of one message that share a fate go together. */
  #dispatch(plans: readonly Plan[]): void {
    const contents = new Map<string, MessageContent>();
    const groups = new Map<string, Omit<Plan, 'found'> & { readonly message: QueuedMessage; readonly recipients: QueuedRecipient[] }>();
    for (const { found, lane, outcome } of plans) {
      const { message, recipient } = found;
      this.#inHand.add([message.queueId, recipient.n]);
      const name = `${message.queueId} ${lane?.key ?? outcome?.reply ?? ''}`;
      const group = groups.get(name);
      if (group) group.recipients.push(recipient);
      else groups.set(name, { lane, outcome, message, recipients: [recipient] });
    }
    for (const { lane, outcome, message, recipients } of groups.values()) {
      const content = contents.get(message.queueId) ?? new MessageContent(this.#services.store, message);
      contents.set(message.queueId, content);
      if (outcome !== undefined)
        this.#conclude(
          { message, content, recipients },
          recipients.map(() => outcome),
        );
      else if (lane === undefined) void this.#file({ message, content, recipients });
      else {
        const most = lane.limits.recipientsPerMessage;
        for (let first = 0; first < recipients.length; first += most) lane.add({ message, content, recipients: recipients.slice(first, first + most) });
      }
    }
  }

  get #laneRoom(): number {
    return this.#inHand.size > MOST_IN_HAND / 2 ? NARROW_LANE_RECIPIENTS : LANE_RECIPIENTS;
  }

  async #attempt(job: Job, session: MailSession, destination: Destination): Promise<AttemptResult> {
    try {
      const outcomes = await sendJob(job, session, { clock: this.#services.clock, log: this.#services.log, sign: this.#sign });
      if (outcomes.every(({ isUntried }) => isUntried === true) && !this.#isStopping) return 'untried';
      await this.#conclusions.conclude(job, outcomes, session);
      return outcomes.some(isPushback) ? 'pushed-back' : outcomes.some(({ kind }) => kind === 'delivered') ? 'taken' : 'not-taken';
    } catch (error) {
      this.#services.log.error('queue.failed', error, { queueId: job.message.queueId, destination: destinationKey(destination) });
      this.#conclusions.giveBack(job, AFTER_ERROR_MS);
      return 'not-taken';
    }
  }

  /** Delivers what was held back for people here. */
  async #file(job: Job): Promise<void> {
    this.#conclude(job, await this.#filing.file(job));
  }

  /** Sees to results that no connection has brought. */
  #conclude(job: Job, outcomes: readonly Outcome[]): void {
    this.#conclusions.conclude(job, outcomes, undefined).catch((error: unknown) => {
      this.#services.log.error('queue.failed', error, { queueId: job.message.queueId });
      this.#conclusions.giveBack(job, AFTER_ERROR_MS);
    });
  }

  #unreachable(jobs: readonly Job[], error: unknown, failures: number): ReturnType<LaneHost['unreachable']> {
    const { settings, clock, log } = this.#services;
    const nowMs = clock.nowMs();
    if (!this.#isStopping && !(error instanceof TransportError)) log.error('queue.failed', error);
    const { isPermanent, status, message, host } =
      error instanceof TransportError ? error : { isPermanent: false, status: '4.3.0', message: 'internal error', host: undefined };
    const outcome: Outcome = { kind: isPermanent ? 'failed' : 'deferred', status, reply: message, host };
    if (this.#isStopping) {
      for (const job of jobs) this.#conclusions.giveBack(job);
      return { outcome, restsUntilMs: nowMs };
    }
    for (const job of jobs)
      this.#conclude(
        job,
        job.recipients.map(() => outcome),
      );
    const rest = settings.retryDelaysMs[Math.min(failures, settings.retryDelaysMs.length) - 1] ?? 60_000;
    return { outcome, restsUntilMs: isPermanent ? nowMs : nowMs + Math.min(rest, LONGEST_REST_MS) };
  }

  #settled(results: readonly Settled[]): void {
    for (const { queueId, n } of results) this.#inHand.remove([queueId, n]);
    const hasRoomAgain = this.#isFull && this.#inHand.size < MOST_IN_HAND / 2;
    // What was put off is due again earlier, perhaps, than the time until which the look for what is due sleeps.
    if (hasRoomAgain || results.some(({ kind }) => kind === 'untried' || kind === 'later')) this.#wakeUp();
  }

  #warnOfRepeats(keys: readonly RecipientKey[], cause: string): void {
    for (const [queueId, recipient] of keys) this.#services.log.warn('queue.repeated', { queueId, recipient, cause });
  }

  async #untilNextDue(): Promise<number> {
    if (this.#isFull) return LONGEST_SLEEP_MS;
    const next = await this.#services.store.query(readNextDue());
    return next === undefined ? LONGEST_SLEEP_MS : Math.max(0, next - this.#services.clock.nowMs());
  }

  #wakeUp(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#isWoken || this.#isStopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, LONGEST_SLEEP_MS));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/** What is to be done with a recipient: to a lane, to an outcome that is known already, or (neither) into a mailbox here. */
interface Plan {
  readonly found: DueRecipient;
  readonly lane: Lane | undefined;
  readonly outcome: Outcome | undefined;
}
