/** Operations on the queue of mail for elsewhere. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { dropQueued, holdQueued, type OperateArgs, releaseQueued, retryQueued } from '#queue/operate.ts';
import { addressText } from '#queue/path-text.ts';
import { listQueued, type QueuedMessage, type QueuedRecipient, readQueued } from '#queue/queue-rows.ts';
import type { Mutation } from '#store/mutation.ts';
import type { Store } from '#store/store.ts';
import { operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownRecipient {
  readonly address: string;
  readonly state: 'waiting' | 'held' | 'trying';
  readonly attempts: number;
  /** Null while it is held. */
  readonly nextAttempt: string | null;
  readonly lastAttempt: string | null;
  /** What the other server said last, or what happened. */
  readonly lastReply: string | null;
  readonly lastHost: string | null;
}

export interface ShownQueued {
  readonly id: string;
  /** Empty for mail of the server's own. */
  readonly sender: string;
  readonly sizeBytes: number;
  readonly queuedAt: string;
  readonly recipients: readonly ShownRecipient[];
}

const shownRecipient: z.ZodType<ShownRecipient> = z.object({
  address: z.string(),
  state: z.enum(['waiting', 'held', 'trying']),
  attempts: z.number(),
  nextAttempt: z.string().nullable(),
  lastAttempt: z.string().nullable(),
  lastReply: z.string().nullable(),
  lastHost: z.string().nullable(),
});
const shownQueued: z.ZodType<ShownQueued> = z.object({
  id: z.string(),
  sender: z.string(),
  sizeBytes: z.number(),
  queuedAt: z.string(),
  recipients: z.array(shownRecipient),
});

export interface QueueChange {
  /** Recipients whose state was changed. */
  readonly recipients: number;
}

const PAGE = 500;
const AT_ONCE = 100;
const ROWS_AT_ONCE = 1000;

export const queueOperations: readonly AnyOperation[] = [
  operation({
    name: 'queue.list',
    about: 'Mail that waits to be sent to other servers',
    permission: 'admin',
    input: z.strictObject({}),
    output: z.array(shownQueued),
    async run({ store }) {
      const shown: ShownQueued[] = [];
      for (let after = ''; ; ) {
        const page = await store.query(listQueued(after, PAGE));
        shown.push(...page.map(show));
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) return shown;
        after = last.message.queueId;
      }
    },
  }),
  operation({
    name: 'queue.show',
    about: 'One message in the queue',
    permission: 'admin',
    input: z.strictObject({ id: z.string() }),
    output: shownQueued,
    async run({ store }, { id }) {
      const found = await store.query(readQueued(id));
      if (found === undefined) throw notQueued(id);
      return show(found);
    },
  }),
  change('retry', retryQueued, 'Try messages at once'),
  change('hold', holdQueued, 'Keep messages from being tried until they are released'),
  change('release', releaseQueued, 'Let held messages be tried again'),
  change('drop', dropQueued, 'Remove messages from the queue; their senders are not told'),
];

/** On the messages named, or on all: `all` and `ids` exclude each other. */
function change(verb: string, mutation: Mutation<OperateArgs, number>, about: string): AnyOperation {
  return operation({
    name: `queue.${verb}`,
    about,
    permission: 'admin',
    input: z.strictObject({ ids: z.array(z.string()).min(1).optional(), all: z.literal(true).optional() }),
    output: z.object({ recipients: z.number() }),
    async run({ store, clock }, { ids, all }): Promise<QueueChange> {
      if ((ids === undefined) === (all === undefined)) throw new DomainError('bad-request', 'name messages by their ids, or say that all are meant');
      let recipients = 0;
      for (const queueIds of slices(ids === undefined ? await everyone(store) : await named(store, ids))) {
        recipients += await store.commit(mutation, { queueIds, nowMs: clock.nowMs() });
      }
      return { recipients };
    },
  });
}

interface Sized {
  readonly queueId: string;
  readonly recipients: number;
}

/** Cut so that a mutation touches few enough rows: a message has at most 1,000 recipients. */
function* slices(messages: readonly Sized[]): Iterable<readonly string[]> {
  let slice: string[] = [];
  let rows = 0;
  for (const { queueId, recipients } of messages) {
    if (slice.length > 0 && (slice.length >= AT_ONCE || rows + recipients > ROWS_AT_ONCE)) {
      yield slice;
      slice = [];
      rows = 0;
    }
    slice.push(queueId);
    rows += recipients;
  }
  if (slice.length > 0) yield slice;
}

/** Throws `message-not-found` before anything is changed. */
async function named(store: Store, ids: readonly string[]): Promise<readonly Sized[]> {
  const found: Sized[] = [];
  for (const queueId of ids) {
    const queued = await store.query(readQueued(queueId));
    if (queued === undefined) throw notQueued(queueId);
    found.push({ queueId, recipients: queued.recipients.length });
  }
  return found;
}

async function everyone(store: Store): Promise<readonly Sized[]> {
  const found: Sized[] = [];
  for (let after = ''; ; ) {
    const page = await store.query(listQueued(after, PAGE));
    found.push(...page.map(({ message, recipients }) => ({ queueId: message.queueId, recipients: recipients.length })));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return found;
    after = last.message.queueId;
  }
}

function notQueued(id: string): DomainError {
  return new DomainError('message-not-found', `there is no message ${id} in the queue; \`capri queue list\` shows them all`);
}

function show({ message, recipients }: { readonly message: QueuedMessage; readonly recipients: readonly QueuedRecipient[] }): ShownQueued {
  return {
    id: message.queueId,
    sender: message.sender,
    sizeBytes: message.prefix.length + message.bodyBytes,
    queuedAt: time(message.createdAtMs),
    recipients: recipients.map((recipient) => ({
      address: addressText(recipient.localPart, recipient.domain),
      state: recipient.isLeased ? 'trying' : recipient.isHeld ? 'held' : 'waiting',
      attempts: recipient.attempts,
      nextAttempt: recipient.dueAtMs === undefined || recipient.isHeld ? null : time(recipient.dueAtMs),
      lastAttempt: recipient.triedAtMs === undefined ? null : time(recipient.triedAtMs),
      lastReply: recipient.lastReply ?? null,
      lastHost: recipient.lastHost ?? null,
    })),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
