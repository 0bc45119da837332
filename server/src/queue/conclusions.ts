/** From the outcomes of an attempt to rows, logs and notices. */
import type { TrailEvent, TrailRecipient } from '#trail/record.ts';
import type { Job } from './lane.ts';
import { type Notice, tellSender, type Told } from './notice.ts';
import { addressText } from './path-text.ts';
import type { QueuedMessage, QueuedRecipient } from './queue-rows.ts';
import type { DestinationRules } from './rules.ts';
import type { AddressOfAccount, Bounce, Settled } from './settle.ts';
import type { Settlement } from './settlement.ts';
import { suppressionKey } from './suppression.ts';
import type { QueueServices } from './settings.ts';
import type { MailSession, Outcome } from './transport.ts';
import { judge, type Verdict } from './verdict.ts';

interface Judged {
  readonly recipient: QueuedRecipient;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
}

export class Conclusions {
  /** What fails from now on fails because of us. */
  isStopping: boolean = false;
  readonly #services: QueueServices;
  readonly #settlement: Settlement;
  readonly #rules: DestinationRules;

  constructor(services: QueueServices, settlement: Settlement, rules: DestinationRules) {
    this.#services = services;
    this.#settlement = settlement;
    this.#rules = rules;
  }

  /** Sees to the results of an attempt; `session` is undefined where there was none. */
  async conclude(job: Job, outcomes: readonly Outcome[], session: MailSession | undefined): Promise<void> {
    const { message, content } = job;
    const judged = this.#judge(job, outcomes);
    this.#log(message, judged, session);
    const told = message.sender === '' ? [] : judged.filter((one): one is Told => one.verdict.tell !== undefined);
    let notice: Notice | undefined;
    let isTold = true;
    if (told.length > 0) {
      try {
        notice = await tellSender(this.#services, message, content, told);
      } catch (error) {
        // Without its notice a failure must not be forgotten: the recipient stays for another attempt.
        this.#services.log.error('queue.failed', error, { queueId: message.queueId, cause: 'the sender could not be told' });
        isTold = false;
      }
    }
    const settled = judged.map((one) => this.#settled(message, one, isTold));
    // Who stays only because the sender could not be told has not bounced yet: the attempt that settles it is the one to tell of.
    const telling = judged.filter(({ verdict }, index) => verdict.kind !== 'done' || settled[index]?.kind === 'done');
    this.#settlement.add({
      results: settled,
      trail: [...this.#trail(message, telling, session), ...(notice === undefined ? [] : this.#noticed(message, told, notice))],
      notice,
      ...this.#learnt(message, telling),
    });
  }

  /** Gives leases back without an attempt. */
  giveBack(job: Job, delayMs: number = 0): void {
    const dueAtMs = this.#services.clock.nowMs() + delayMs;
    this.#settlement.add({ results: job.recipients.map(({ n }): Settled => ({ kind: 'untried', queueId: job.message.queueId, n, dueAtMs })) });
  }

  #judge({ message, recipients }: Job, outcomes: readonly Outcome[]): readonly Judged[] {
    const { settings, clock } = this.#services;
    const nowMs = clock.nowMs();
    const hasDelivered = outcomes.some(({ kind }) => kind === 'delivered');
    return recipients.map((recipient, index) => {
      const outcome = outcomes[index] ?? { kind: 'deferred', status: '4.3.0', reply: 'no outcome', host: undefined };
      const isOurs = this.isStopping && outcome.kind === 'deferred' && outcome.host === undefined;
      const verdict: Verdict = isOurs
        ? { kind: 'untried', dueAtMs: nowMs, tell: undefined, status: outcome.status }
        : judge(message, recipient, outcome, {
            settings: { ...settings, delayNoticeAfterMs: this.#rules.delayNoticeAfterMs(message.sender, recipient.domain) },
            nowMs,
            hasDelivered,
            chance: Math.random(),
          });
      return { recipient, outcome, verdict };
    });
  }

  #settled({ queueId, forward }: QueuedMessage, { recipient, outcome, verdict }: Judged, isTold: boolean): Settled {
    const { clock, settings } = this.#services;
    const key = { queueId, n: recipient.n };
    if (verdict.kind === 'done' && (isTold || verdict.tell === undefined || outcome.kind === 'delivered')) {
      const { host, reply } = outcome;
      return {
        kind: 'done',
        ...key,
        forwarded: forward === undefined ? undefined : { forward, isDelivered: outcome.kind === 'delivered', status: verdict.status, host, reply },
      };
    }
    if (verdict.kind === 'untried') return { kind: 'untried', ...key, dueAtMs: verdict.dueAtMs };
    const dueAtMs =
      verdict.kind === 'done'
        ? clock.nowMs() + (settings.retryDelaysMs[Math.min(recipient.attempts, settings.retryDelaysMs.length - 1)] ?? 60_000)
        : verdict.dueAtMs;
    const isDelayTold = recipient.isDelayTold || (verdict.tell === 'delayed' && isTold);
    return { kind: 'later', ...key, dueAtMs, status: outcome.status, host: outcome.host, reply: outcome.reply, isDelayTold };
  }

  /** One event for recipients who fared alike. */
  #trail(message: QueuedMessage, judged: readonly Judged[], session: MailSession | undefined): readonly TrailEvent[] {
    const atMs = this.#services.clock.nowMs();
    const events = new Map<string, TrailEvent & { readonly recipients: TrailRecipient[] }>();
    for (const { recipient, outcome, verdict } of judged) {
      const address = addressText(recipient.localPart, recipient.domain);
      if (outcome.isUnsure === true) {
        const details = { cause: 'the connection broke before the answer to the whole message', reply: outcome.reply, ...(session && { host: session.host }) };
        events.set(`repeated ${address}`, {
          event: 'repeated',
          atMs,
          queueId: message.queueId,
          by: message.account,
          sender: message.sender,
          recipients: [{ address }],
          details,
        });
      }
      if (verdict.kind === 'untried') continue;
      const event = eventOf(outcome, verdict);
      const key = `${event} ${verdict.status} ${outcome.reply}`;
      const known = events.get(key);
      if (known) known.recipients.push({ address });
      else {
        const { queueId, account: by, sender } = message;
        const details = {
          status: verdict.status,
          reply: outcome.reply,
          host: session?.host ?? outcome.host,
          // The words are our own, not those of the host.
          isOurs: outcome.host === undefined ? true : undefined,
          tls: session?.tls && { ...session.tls },
        };
        events.set(key, { event, atMs, queueId, by, sender, recipients: [{ address }], details });
      }
    }
    return [...events.values()];
  }

  /** That the sender was told, and by which message. */
  #noticed({ queueId, account: by, sender }: QueuedMessage, told: readonly Told[], notice: Notice): readonly TrailEvent[] {
    const atMs = this.#services.clock.nowMs();
    const id = notice.kind === 'local' ? notice.local.id : notice.outgoing.queueId;
    const actions = [...new Set(told.map(({ verdict }) => verdict.tell))];
    return actions.map((action) => ({
      event: 'noticed',
      atMs,
      queueId,
      by,
      sender,
      recipients: told
        .filter(({ verdict }) => verdict.tell === action)
        .map(({ recipient }) => ({ address: addressText(recipient.localPart, recipient.domain) })),
      details: { action, notice: id },
    }));
  }

  /** Which addresses refused for good, and which took mail: of accounts here only, since nobody else is stopped from writing. */
  #learnt(
    { queueId, account, sender, forward }: QueuedMessage,
    judged: readonly Judged[],
  ): { readonly bounces: readonly Bounce[]; readonly taken: readonly AddressOfAccount[] } {
    const bounces: Bounce[] = [];
    const taken: AddressOfAccount[] = [];
    // A forward has its own count: who wrote did not choose where it leads.
    if (account !== undefined && forward === undefined)
      for (const { recipient, outcome } of judged) {
        const address = suppressionKey(recipient.localPart, recipient.domain);
        if (outcome.kind === 'delivered') taken.push({ account, address });
        else if (outcome.kind === 'failed' && outcome.host !== undefined && NO_SUCH_ADDRESS.test(outcome.status))
          bounces.push({ account, address, queueId, sender, reply: outcome.reply });
      }
    return { bounces, taken };
  }

  #log(message: QueuedMessage, judged: readonly Judged[], session: MailSession | undefined): void {
    const { log, clock } = this.#services;
    const { queueId } = message;
    const via = session && `${session.host} ${tlsText(session)}`;
    for (const { recipient, outcome, verdict } of judged) {
      const fields = { queueId, to: addressText(recipient.localPart, recipient.domain), via, status: verdict.status, reply: outcome.reply };
      if (outcome.isUnsure === true)
        log.warn('queue.repeated', { ...fields, cause: 'the connection broke before the answer; the message may have arrived and is sent again' });
      if (verdict.kind === 'untried') continue;
      if (outcome.kind === 'delivered') log.info('queue.delivered', { ...fields, seconds: Math.round((clock.nowMs() - message.createdAtMs) / 100) / 10 });
      else if (verdict.kind === 'done') log.info('queue.bounced', { ...fields, isSenderTold: verdict.tell !== undefined && message.sender !== '' });
      else log.info('queue.deferred', { ...fields, attempts: recipient.attempts + 1, next: new Date(verdict.dueAtMs).toISOString() });
    }
  }
}

/** The address itself is at fault: unknown, moved, disabled. RFC 3463 §3.2, §3.3 */
const NO_SUCH_ADDRESS = /^5\.(?:1\.[126]|2\.1)$/;

function eventOf(outcome: Outcome, verdict: Verdict): TrailEvent['event'] {
  if (outcome.kind === 'delivered') return 'delivered';
  if (outcome.isSuppressed === true) return 'suppressed';
  return verdict.kind === 'done' ? 'bounced' : 'deferred';
}

function tlsText({ tls }: MailSession): string {
  if (!tls) return 'in the clear';
  return `${tls.version} ${tls.isVerified ? 'verified' : `unverified (${tls.problem})`}`;
}
