/** Operations on the queue of mail for elsewhere. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { holdAccountMail, listAccountHolds, readAccountHold } from '#queue/hold.ts';
import { releaseAccountSending } from '#queue/limits/hold.ts';
import { listQueued, type Queued, type QueueFilter, type QueuePage, stateOf } from '#queue/list-queued.ts';
import { dropQueued, holdQueued, type OperateArgs, releaseQueued, retryQueued } from '#queue/operate.ts';
import { addressText } from '#queue/path-text.ts';
import { type QueuedRecipient, readQueued } from '#queue/queue-rows.ts';
import { findAccount } from '#directory/accounts.ts';
import type { Mutation } from '#store/mutation.ts';
import type { Program } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { explainReply } from '#trail/explain/explain-reply.ts';
import { accountNamed, operation } from './define.ts';
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
  /** What that means, in one sentence, and what can be done. */
  readonly explanation: { readonly cause: string; readonly remedy: string } | null;
}

export interface ShownQueued {
  readonly id: string;
  /** Empty for mail of the server's own. */
  readonly sender: string;
  readonly sizeBytes: number;
  readonly queuedAt: string;
  /** -9 to 9. */
  readonly priority: number;
  /** Not to leave before. */
  readonly releaseAt: string | null;
  /** By when it is to be delivered, and what happens if not: returned, or the sender told. */
  readonly deliverBy: { readonly at: string; readonly late: 'returned' | 'told' } | null;
  readonly hold: { readonly kind: string; readonly reason: string } | null;
  readonly recipients: readonly ShownRecipient[];
}

export interface ShownPage {
  readonly queued: readonly ShownQueued[];
  /** Where the next page begins. */
  readonly next: string | null;
}

const shownRecipient: z.ZodType<ShownRecipient> = z.object({
  address: z.string(),
  state: z.enum(['waiting', 'held', 'trying']),
  attempts: z.number(),
  nextAttempt: z.string().nullable(),
  lastAttempt: z.string().nullable(),
  lastReply: z.string().nullable(),
  lastHost: z.string().nullable(),
  explanation: z.object({ cause: z.string(), remedy: z.string() }).nullable(),
});
const shownQueued: z.ZodType<ShownQueued> = z.object({
  id: z.string(),
  sender: z.string(),
  sizeBytes: z.number(),
  queuedAt: z.string(),
  priority: z.number(),
  releaseAt: z.string().nullable(),
  deliverBy: z.object({ at: z.string(), late: z.enum(['returned', 'told']) }).nullable(),
  hold: z.object({ kind: z.string(), reason: z.string() }).nullable(),
  recipients: z.array(shownRecipient),
});

/** Of explanations. */
type Language = 'pl' | 'en';
const language = z.enum(['pl', 'en']).optional();

/** Which messages: all that fit everything that is said. */
export interface FilterInput {
  readonly state?: 'waiting' | 'held' | 'trying' | undefined;
  readonly domain?: string | undefined;
  readonly sender?: string | undefined;
  readonly account?: string | undefined;
}
const filterShape = {
  state: z.enum(['waiting', 'held', 'trying']).optional(),
  domain: z.string().min(1).optional(),
  sender: z.string().min(1).optional(),
  account: z.string().min(1).optional(),
};

export interface QueueChange {
  /** Recipients whose state was changed. */
  readonly recipients: number;
}

export interface ShownAccountHold {
  readonly login: string;
  readonly since: string;
  readonly reason: string;
  readonly by: string;
}

const PAGE = 100;
const MOST_PAGE = 1000;
const AT_ONCE = 100;
const MOST_LOOKS = 20;
const ROWS_AT_ONCE = 1000;
/** Who works with this list. */
const ACTOR = 'administrator';

export const queueOperations: readonly AnyOperation[] = [
  operation<FilterInput & { readonly after?: string | undefined; readonly limit?: number | undefined; readonly language?: Language | undefined }, ShownPage>({
    name: 'queue.list',
    about: 'Mail that waits to be sent to other servers, the oldest first, a page at a time',
    permission: 'admin',
    input: z.strictObject({ ...filterShape, after: z.string().optional(), limit: z.number().int().min(1).max(MOST_PAGE).optional(), language }),
    output: z.object({ queued: z.array(shownQueued), next: z.string().nullable() }),
    async run({ store }, { after, limit, language: words = 'en', ...input }) {
      const filter = await filterOf(store, input);
      const shown: ShownQueued[] = [];
      const most = limit ?? PAGE;
      // Each look is bounded and so is their number, and other work goes on between them: a page of few hits among very many comes out short.
      let from: string | undefined = after ?? '';
      for (let looks = 0; looks < MOST_LOOKS && from !== undefined && shown.length < most; looks++) {
        const page: QueuePage = await store.query(listQueued(filter, from, most - shown.length));
        shown.push(...page.queued.map((queued) => show(queued, words)));
        from = page.next;
      }
      return { queued: shown, next: from ?? null };
    },
  }),
  operation<{ readonly id: string; readonly language?: Language | undefined }, ShownQueued>({
    name: 'queue.show',
    about: 'One message in the queue',
    permission: 'admin',
    input: z.strictObject({ id: z.string(), language }),
    output: shownQueued,
    async run({ store }, { id, language: words = 'en' }) {
      const found = await store.query(readQueued(id));
      if (found === undefined) throw notQueued(id);
      return show(found, words);
    },
  }),
  change('retry', retryQueued, 'Try messages at once'),
  change('hold', holdQueued, 'Keep messages from being tried until they are released'),
  change('release', releaseQueued, 'Let held messages be tried again'),
  change('drop', dropQueued, 'Remove messages from the queue; their senders are not told'),
  operation<{ readonly domain: string }, QueueChange>({
    name: 'queue.flush',
    about: 'Try everything for a domain at once',
    permission: 'admin',
    input: z.strictObject({ domain: z.string().min(1) }),
    output: z.object({ recipients: z.number() }),
    async run({ store, clock }, { domain }) {
      const filter = await filterOf(store, { domain });
      const args = { actor: ACTOR, reason: '', domain: filter.domain, nowMs: clock.nowMs() };
      return { recipients: await changeAll(store, retryQueued, filter, args) };
    },
  }),
  operation<{ readonly account: string; readonly reason: string }, QueueChange>({
    name: 'queue.hold-account',
    about: 'Keep all mail of an account, what waits and what it sends from now on, until the account is released',
    permission: 'admin',
    input: z.strictObject({ account: z.string().min(1), reason: z.string() }),
    output: z.object({ recipients: z.number() }),
    async run({ store, clock }, { account, reason }) {
      const found = await store.query(accountNamed(account));
      return { recipients: await holdAccountMail(store, { account: found.account, reason, actor: ACTOR, heldAtMs: clock.nowMs() }) };
    },
  }),
  operation<Record<string, never>, readonly ShownAccountHold[]>({
    name: 'queue.held-accounts',
    about: 'Accounts whose mail is kept',
    permission: 'admin',
    input: z.strictObject({}),
    output: z.array(z.object({ login: z.string(), since: z.string(), reason: z.string(), by: z.string() })),
    run: async ({ store }) => await store.query(heldAccounts()),
  }),
];

const MOST_HELD = 1000;

function* heldAccounts(): Program<readonly ShownAccountHold[]> {
  const shown: ShownAccountHold[] = [];
  for (const { account, reason, actor, heldAtMs } of yield* listAccountHolds(0, MOST_HELD)) {
    const found = yield* findAccount(account);
    shown.push({ login: found?.login ?? String(account), since: time(heldAtMs), reason, by: actor });
  }
  return shown;
}

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
    output: z.object({ recipients: z.number() }),
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
    const page: QueuePage = await store.query(listQueued(filter, after, MOST_PAGE));
    const sized = page.queued.map(({ message, recipients: each }) => ({ queueId: message.queueId, recipients: each.length }));
    for (const queueIds of slices(sized)) recipients += await store.commit(mutation, { ...args, queueIds });
    after = page.next;
  }
  return recipients;
}

async function filterOf(store: Store, { state, domain, sender, account }: FilterInput): Promise<QueueFilter> {
  const found = account === undefined ? undefined : await store.query(accountNamed(account));
  return { state, domain: domain?.toLowerCase(), sender, account: found?.account };
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

function notQueued(id: string): DomainError {
  return new DomainError('message-not-found', `there is no message ${id} in the queue; \`capri queue list\` shows them all`);
}

function show({ message, recipients }: Queued, words: Language): ShownQueued {
  const { deliverBy, releaseAtMs, hold } = message;
  return {
    id: message.queueId,
    sender: message.sender,
    sizeBytes: message.prefix.length + message.bodyBytes,
    queuedAt: time(message.createdAtMs),
    priority: message.priority ?? 0,
    releaseAt: releaseAtMs === undefined ? null : time(releaseAtMs),
    deliverBy: deliverBy === undefined ? null : { at: time(deliverBy.atMs), late: deliverBy.mode === 'R' ? 'returned' : 'told' },
    hold: hold === undefined ? null : { kind: hold.kind, reason: hold.reason },
    recipients: recipients.map((recipient) => showRecipient(recipient, words)),
  };
}

function showRecipient(recipient: QueuedRecipient, words: Language): ShownRecipient {
  const { lastReply: reply, lastStatus: status, lastHost: host } = recipient;
  return {
    address: addressText(recipient.localPart, recipient.domain),
    state: stateOf(recipient),
    attempts: recipient.attempts,
    nextAttempt: recipient.dueAtMs === undefined || recipient.isHeld ? null : time(recipient.dueAtMs),
    lastAttempt: recipient.triedAtMs === undefined ? null : time(recipient.triedAtMs),
    lastReply: reply ?? null,
    lastHost: host ?? null,
    explanation: (reply === undefined ? undefined : explainReply({ reply, status, host }, words)) ?? null,
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
