/**
 * The scheduler: claims what is due, sorts it into lanes by destination, and sees to the results. All durable state is in the store; what is here can be lost
 * at any moment without losing mail. Run it in one thread, or in several with different owners.
 *
 * At least once: a message is handed over before that is written down, so a crash in between sends it again. Each such case is logged (`queue.repeated`).
 *
 * RFC 5321 §4.5.4 (retry strategies) · docs/queue.md
 */
import { Semaphore } from '#core/async.ts';
import { Conclusions } from './conclusions.ts';
import { MessageContent } from './content.ts';
import { type Job, Lane, type LaneHost } from './lane.ts';
import { claim, freeLeases, type RecipientKey, renew } from './leases.ts';
import { addressText } from './path-text.ts';
import { type DueRecipient, type QueuedMessage, type QueuedRecipient, readDue, readNextDue } from './queue-rows.ts';
import { destinationKey, makeRouting, type Routing } from './routing.ts';
import type { Settled } from './settle.ts';
import { Settlement } from './settlement.ts';
import type { QueueServices } from './settings.ts';
import { type Destination, type MailSession, type Outcome, TransportError } from './transport.ts';

const LEASE_MS = 30 * 60_000;
const RENEW_EVERY_MS = 10 * 60_000;
/** Recipients claimed at one time: read in one look, and held altogether. */
const LOOK = 250;
const MOST_IN_HAND = 2000;
/** RFC 5321 §4.5.3.1.8: a server must take 100. */
const RECIPIENTS_PER_MESSAGE = 100;
/** Looks follow each other no faster than this while less than a full look was found. */
const PACE_MS = 5;
const LONGEST_SLEEP_MS = 60_000;
const AFTER_ERROR_MS = 5000;
/** What waits for a full lane is moved out of the way of others at this pace, a look at a time, for this long. */
const STEP_ASIDE_EVERY_MS = 1000;
const STEP_ASIDE_MS = 2000;
const LONGEST_REST_MS = 15 * 60_000;
/** A relay of our own takes more connections than a stranger. */
const RELAY_CONNECTIONS = 20;
const LANES_REMEMBERED = 10_000;

export class Queue implements AsyncDisposable {
  readonly #services: QueueServices;
  readonly #routing: Routing;
  readonly #settlement: Settlement;
  readonly #conclusions: Conclusions;
  readonly #lanes = new Map<string, Lane>();
  readonly #inHand = new Map<string, RecipientKey>();
  readonly #abort = new AbortController();
  readonly #laneHost: LaneHost;
  readonly #subscription: Disposable;
  readonly #renewTimer: NodeJS.Timeout;
  readonly #running: Promise<void>;
  #isStopping = false;
  #isWoken = false;
  #wake: (() => void) | undefined;
  /** There was no room for another look. */
  #isFull = false;
  /** All that the last look found waits for full lanes. */
  #isBlocked = false;
  #steppedAsideAtMs = 0;
  #onEmpty: (() => void) | undefined;

  /** Begins to work at once. */
  constructor(services: QueueServices) {
    this.#services = services;
    this.#routing = makeRouting(services.settings);
    this.#settlement = new Settlement(services, (results) => {
      this.#settled(results);
    });
    this.#conclusions = new Conclusions(services, this.#settlement);
    this.#laneHost = {
      slots: new Semaphore(services.settings.connections),
      connect: (destination) => services.transport.connect(destination, this.#abort.signal),
      attempt: (job, session, destination) => this.#attempt(job, session, destination),
      hasRoom: () => {
        if (this.#isBlocked) this.#wakeUp();
      },
      unreachable: (jobs, error, failures) => this.#unreachable(jobs, error, failures),
    };
    this.#subscription = services.store.onNotify('queue', () => {
      this.#wakeUp();
    });
    this.#renewTimer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
    this.#renewTimer.unref();
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
    clearInterval(this.#renewTimer);
    this.#wakeUp();
    await this.#running;
    for (const lane of this.#lanes.values()) for (const job of lane.stop()) this.#conclusions.giveBack(job);
    await this.#empty(graceMs);
    this.#abort.abort();
    await this.#empty(1000);
    await this.#settlement.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    let isFreed = false;
    while (!this.#isStopping) {
      try {
        if (!isFreed) await this.#freeOwnLeases();
        isFreed = true;
        this.#isWoken = false;
        const isFullLook = await this.#look();
        if (!isFullLook) await this.#sleep(await this.#untilNextDue());
        if (!this.#isStopping && !isFullLook) await pause(PACE_MS);
      } catch (error) {
        if (this.#isStopping) return;
        this.#services.log.error('queue.failed', error);
        await this.#sleep(AFTER_ERROR_MS);
      }
    }
  }

  /** What an earlier life had begun is due again. */
  async #freeOwnLeases(): Promise<void> {
    const { store, owner, clock, log } = this.#services;
    let after: string | undefined = '';
    while (after !== undefined && !this.#isStopping) {
      const freed: { readonly next: string | undefined; readonly unsure: readonly RecipientKey[] } = await store.commit(freeLeases, {
        owner,
        nowMs: clock.nowMs(),
        after,
      });
      for (const [queueId, recipient] of freed.unsure)
        log.warn('queue.repeated', {
          queueId,
          recipient,
          cause: 'an attempt was under way when the server ended; if it had succeeded, the message arrives twice',
        });
      after = freed.next;
    }
  }

  /** Claims what is due; true when there may be more. */
  async #look(): Promise<boolean> {
    const { store, owner, clock } = this.#services;
    const room = MOST_IN_HAND - this.#inHand.size;
    this.#isFull = room < LOOK;
    if (this.#isFull) return false;
    const nowMs = clock.nowMs();
    const due = await store.query(readDue(nowMs, LOOK));
    const claimed: Array<{ readonly found: DueRecipient; readonly lane: Lane }> = [];
    const postpone: Array<readonly [RecipientKey, number]> = [];
    let isLate = false;
    const stepsAside = nowMs - this.#steppedAsideAtMs >= STEP_ASIDE_EVERY_MS;
    let isBlocked = false;
    for (const found of due) {
      const key: RecipientKey = [found.message.queueId, found.recipient.n];
      const lane = this.#laneOf(found.recipient.domain, found.message);
      const isForced = found.recipient.dueAtMs === 0;
      // An own lease that ended before its work (the machine slept): it goes on.
      if (this.#inHand.has(keyText(key))) isLate = true;
      else if (lane.restsUntilMs > nowMs && !isForced) postpone.push([key, lane.restsUntilMs]);
      else if (lane.isFull) {
        isBlocked = true;
        if (stepsAside) postpone.push([key, nowMs + STEP_ASIDE_MS]);
      } else claimed.push({ found, lane });
    }
    if (isLate) await this.#renew();
    if (isBlocked && stepsAside) this.#steppedAsideAtMs = nowMs;
    this.#isBlocked = isBlocked && claimed.length === 0;
    if (claimed.length === 0 && postpone.length === 0) return false;
    const keys = claimed.map(({ found }): RecipientKey => [found.message.queueId, found.recipient.n]);
    const got = await store.commit(claim, { owner, nowMs, untilMs: nowMs + LEASE_MS, claim: keys, postpone });
    this.#dispatch(claimed.filter((_, index) => got[index] === true));
    return due.length === LOOK && claimed.length > 0;
  }

  /** Makes jobs of recipients: those of one message and one lane go together. */
  #dispatch(claimed: ReadonlyArray<{ readonly found: DueRecipient; readonly lane: Lane }>): void {
    const contents = new Map<string, MessageContent>();
    const groups = new Map<string, { readonly lane: Lane; readonly message: QueuedMessage; readonly recipients: QueuedRecipient[] }>();
    for (const { found, lane } of claimed) {
      const { message, recipient } = found;
      const key: RecipientKey = [message.queueId, recipient.n];
      this.#inHand.set(keyText(key), key);
      const name = `${message.queueId} ${lane.key}`;
      const group = groups.get(name);
      if (group) group.recipients.push(recipient);
      else groups.set(name, { lane, message, recipients: [recipient] });
    }
    for (const { lane, message, recipients } of groups.values()) {
      const content = contents.get(message.queueId) ?? new MessageContent(this.#services.store, message);
      contents.set(message.queueId, content);
      for (let first = 0; first < recipients.length; first += RECIPIENTS_PER_MESSAGE)
        lane.add({ message, content, recipients: recipients.slice(first, first + RECIPIENTS_PER_MESSAGE) });
    }
  }

  #laneOf(domain: string, { tlsNeed, sender }: QueuedMessage): Lane {
    const { connections, connectionsPerDomain } = this.#services.settings;
    // A notice is not lost because the way back is less safe than the way there was (RFC 8689 §5).
    const destination = this.#routing.destinationOf(domain, sender === '' && tlsNeed === 'required' ? undefined : tlsNeed);
    const key = destinationKey(destination);
    let lane = this.#lanes.get(key);
    if (!lane) {
      if (this.#lanes.size >= LANES_REMEMBERED) this.#forgetLanes();
      const limit = destination.kind === 'relay' ? Math.max(connectionsPerDomain, RELAY_CONNECTIONS) : connectionsPerDomain;
      lane = new Lane(key, destination, this.#laneHost, Math.min(limit, connections));
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #forgetLanes(): void {
    const nowMs = this.#services.clock.nowMs();
    for (const [key, lane] of this.#lanes) if (lane.isEmpty && lane.restsUntilMs <= nowMs) this.#lanes.delete(key);
  }

  async #attempt(job: Job, session: MailSession, destination: Destination): Promise<boolean> {
    try {
      const { message, content, recipients } = job;
      const outcomes = await session.send({
        sender: message.sender,
        recipients: recipients.map(({ localPart, domain, notify, originalRecipient }) => ({
          address: addressText(localPart, domain),
          notify,
          originalRecipient,
        })),
        sizeBytes: content.sizeBytes,
        isEightBit: message.isEightBit,
        smtpUtf8: message.smtpUtf8,
        ret: message.ret,
        envelopeId: message.envelopeId,
        ...(message.tlsNeed === 'required' && { requireTls: true }),
        read: (start, length) => content.read(start, length),
      });
      if (outcomes.every(({ isUntried }) => isUntried === true) && !this.#isStopping) return false;
      await this.#conclusions.conclude(job, outcomes, session);
    } catch (error) {
      this.#services.log.error('queue.failed', error, { queueId: job.message.queueId, destination: destinationKey(destination) });
      this.#conclusions.giveBack(job, AFTER_ERROR_MS);
    }
    return true;
  }

  #unreachable(jobs: readonly Job[], error: unknown, failures: number): number {
    const { settings, clock, log } = this.#services;
    const nowMs = clock.nowMs();
    if (this.#isStopping) {
      for (const job of jobs) this.#conclusions.giveBack(job);
      return nowMs;
    }
    if (!(error instanceof TransportError)) log.error('queue.failed', error);
    const { isPermanent, status, message, host } =
      error instanceof TransportError ? error : { isPermanent: false, status: '4.3.0', message: 'internal error', host: undefined };
    const outcome: Outcome = { kind: isPermanent ? 'failed' : 'deferred', status, reply: message, host };
    for (const job of jobs) {
      const outcomes = job.recipients.map(() => outcome);
      void this.#conclusions.conclude(job, outcomes, undefined).catch((failure: unknown) => {
        log.error('queue.failed', failure, { queueId: job.message.queueId });
        this.#conclusions.giveBack(job, AFTER_ERROR_MS);
      });
    }
    const rest = settings.retryDelaysMs[Math.min(failures, settings.retryDelaysMs.length) - 1] ?? 60_000;
    return isPermanent ? nowMs : nowMs + Math.min(rest, LONGEST_REST_MS);
  }

  #settled(results: readonly Settled[]): void {
    for (const { queueId, n } of results) this.#inHand.delete(keyText([queueId, n]));
    if (this.#inHand.size === 0) this.#onEmpty?.();
    const hasRoomAgain = this.#isFull && this.#inHand.size < MOST_IN_HAND / 2;
    if (hasRoomAgain || results.some(({ kind }) => kind === 'untried')) this.#wakeUp();
  }

  async #renew(): Promise<void> {
    const { store, owner, clock, log } = this.#services;
    const keys = [...this.#inHand.values()];
    try {
      for (let first = 0; first < keys.length; first += 500)
        await store.commit(renew, { owner, untilMs: clock.nowMs() + LEASE_MS, keys: keys.slice(first, first + 500) });
    } catch (error) {
      log.error('queue.failed', error);
    }
  }

  async #untilNextDue(): Promise<number> {
    if (this.#isFull) return LONGEST_SLEEP_MS;
    if (this.#isBlocked) return STEP_ASIDE_EVERY_MS;
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

  /** Resolves when nothing is in hand, at the latest after `ms`. */
  #empty(ms: number): Promise<void> {
    if (this.#inHand.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function keyText([queueId, n]: RecipientKey): string {
  return `${queueId}/${n}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
