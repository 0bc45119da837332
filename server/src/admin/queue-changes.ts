/** Operations that change many messages of the queue alike: those that are named, those that fit a filter, or all. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { readAccountHold } from '#queue/hold.ts';
import { releaseAccountSending } from '#queue/limits/hold.ts';
import type { QueueFilter, QueuePage } from '#queue/list-queued.ts';
import { dropQueued, holdQueued, type OperateArgs, releaseQueued, retryQueued } from '#queue/operate.ts';
import { readQueued } from '#queue/queue-rows.ts';
import type { Mutation } from '#store/mutation.ts';
import type { Store } from '#store/store.ts';
import { operation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { type FilterInput, filterOf, filterShape, lookInto, MOST_PAGE } from './queue-page.ts';

export interface QueueChange {
  /** Recipients whose state was changed. */
  readonly recipients: number;
}

export const queueChange: z.ZodType<QueueChange> = z.object({ recipients: z.number() });

/** Who works with this list. */
export const ACTOR = 'administrator';
/** Messages of one mutation, and rows of their recipients. */
const AT_ONCE = 100;
const ROWS_AT_ONCE = 1000;

export const queueChangeOperations: readonly AnyOperation[] = [
  change('retry', retryQueued, 'Try messages at once'),
  change('hold', holdQueued, 'Keep messages from being tried until they are released'),
  change('release', releaseQueued, 'Let held messages be tried again'),
  change('drop', dropQueued, 'Remove messages from the queue; their senders are not told'),
  operation<{ readonly domain: string }, QueueChange>({
    name: 'queue.flush',
    about: 'Try everything for a domain at once',
    permission: 'admin',
    input: z.strictObject({ domain: z.string().min(1) }),
    output: queueChange,
    async run({ store, clock }, { domain }) {
      const filter = await filterOf(store, { domain });
      const args = { actor: ACTOR, reason: '', domain: filter.domain, nowMs: clock.nowMs() };
      return { recipients: await changeAll(store, retryQueued, filter, args) };
    },
  }),
];

type ChangeInput = FilterInput & { readonly ids?: readonly string[] | undefined; readonly all?: true | undefined; readonly reason?: string | undefined };

/** On the messages named, on those that fit a filter, or on all: one of these. */
function change(verb: string, mutation: Mutation<OperateArgs, number>, about: string): AnyOperation {
  return operation<ChangeInput, QueueChange>({
    name: `queue.${verb}`,
    about,
    permission: 'admin',
    input: z.strictObject({
      ids: z.array(z.string()).min(1).optional(),
      all: z.literal(true).optional(),
      reason: z.string().max(500).optional(),
      ...filterShape,
    }),
    output: queueChange,
    async run({ store, clock }, { ids, all, reason = '', ...input }): Promise<QueueChange> {
      const isFiltered = Object.values(input).some((part) => part !== undefined);
      if ([ids !== undefined, all !== undefined, isFiltered].filter(Boolean).length !== 1)
        throw new DomainError('bad-request', 'name messages by their ids, or by what they have in common, or say that all are meant');
      const args = { actor: ACTOR, reason, nowMs: clock.nowMs() };
      if (ids === undefined) {
        const filter = await filterOf(store, input);
        // All mail of an account: then what it sends from now on goes too.
        const isWholeAccount =
          verb === 'release' && filter.account !== undefined && [input.state, input.domain, input.sender].every((part) => part === undefined);
        const released = isWholeAccount ? await endHold(store, filter.account, args.nowMs) : 0;
        return { recipients: released + (await changeAll(store, mutation, filter, args)) };
      }
      let recipients = 0;
      for (const queueIds of slices(await named(store, ids))) recipients += await store.commit(mutation, { ...args, queueIds });
      return { recipients };
    },
  });
}

/** The number of recipients whose mail goes on. */
async function endHold(store: Store, account: AccountId, nowMs: number): Promise<number> {
  if ((await store.query(readAccountHold(account))) === undefined) return 0;
  return (await releaseAccountSending(store, { account, actor: ACTOR, id: newReceiptId(nowMs), nowMs })).recipients;
}

/** A page after the other; what a page does not hold is not in memory. */
async function changeAll(store: Store, mutation: Mutation<OperateArgs, number>, filter: QueueFilter, args: Omit<OperateArgs, 'queueIds'>): Promise<number> {
  let recipients = 0;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: QueuePage = await lookInto(store, filter, after, MOST_PAGE);
    const sized = page.queued.map(({ message, recipients: each }) => ({ queueId: message.queueId, recipients: each.length }));
    for (const queueIds of slices(sized)) recipients += await store.commit(mutation, { ...args, queueIds });
    after = page.next;
  }
  return recipients;
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

export function notQueued(id: string): DomainError {
  return new DomainError('message-not-found', `there is no message ${id} in the queue; \`capri queue list\` shows them all`);
}
