/** Operations on the trail: what happened to a message; for the administrator, and for users about their own mail. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { findAccount } from '#directory/accounts.ts';
import type { Store } from '#store/store.ts';
import { countEmails } from '#trail/emails.ts';
import type { TrailEntry } from '#trail/entry.ts';
import { findStories, type TrailSpan, trailOf } from '#trail/find.ts';
import type { TrailDetails, TrailEventName } from '#trail/record.ts';
import type { Story } from '#trail/story.ts';
import type { ToldEvent } from '#trail/tell/event.ts';
import type { ToldStory } from '#trail/tell/tell-story.ts';
import { accountNamed, given, operation, ownOperation } from './define.ts';
import type { AnyOperation } from './operation.ts';

const told: z.ZodType<ToldEvent> = z.object({
  at: z.string(),
  event: z.custom<TrailEventName>((value) => typeof value === 'string'),
  queueId: z.string(),
  messageId: z.string(),
  by: z.string().nullable(),
  sender: z.string(),
  recipients: z.array(z.object({ address: z.string(), account: z.string().nullable(), mailbox: z.string().nullable() })),
  messages: z.number().nullable(),
  details: z.custom<TrailDetails>((value) => typeof value === 'object'),
});

/** How far back it is looked if nothing is said: longer than anything is kept. */
const FOREVER_MS = 0;
const LATEST_MS = 8.64e15;

const spanShape = {
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  /** Messages. */
  limit: z.number().int().min(1).max(200).optional(),
};
const key = z.string().min(1).max(998);
const stories: z.ZodType<ToldStory[]> = z.array(z.object({ queueId: z.string(), messageId: z.string(), events: z.array(told) }));

export const trailOperations: readonly AnyOperation[] = [
  operation({
    name: 'trail.find',
    about: 'What happened to a message, or to the mail of an address',
    permission: 'admin',
    /** `as` is a login: only what that account may see of it. */
    input: z.strictObject({ key, ...spanShape, as: z.string().optional() }),
    output: stories,
    async run({ store }, { key, as, ...input }): Promise<ToldStory[]> {
      const span = spanOf(input);
      return await show(
        store,
        as === undefined ? await findStories(store, key, span) : await trailOf(store, (await store.query(accountNamed(as))).account, span, key),
      );
    },
  }),
  ownOperation({
    name: 'own.trail',
    about: 'What happened to own mail: to one message, to that of an address, or to the newest',
    permission: 'user',
    input: z.strictObject({ key: key.optional(), ...spanShape }),
    output: stories,
    run: async ({ store }, { key, ...input }, { account }): Promise<ToldStory[]> => await show(store, await trailOf(store, account, spanOf(input), key)),
  }),
];

interface SpanInput {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
}

function spanOf({ since, until, limit }: SpanInput): TrailSpan {
  const span = { fromMs: momentOf(since, FOREVER_MS), toMs: momentOf(until, LATEST_MS), ...given({ limit }) };
  if (span.fromMs > span.toMs) throw new DomainError('bad-request', 'the time that it begins with is after the one that it ends with');
  return span;
}

function momentOf(text: string | undefined, standard: number): number {
  return text === undefined ? standard : Date.parse(text);
}

/** With logins in the place of account numbers. */
async function show(store: Store, stories: readonly Story[]): Promise<ToldStory[]> {
  const logins = new Map<AccountId, string>();
  for (const account of accountsIn(stories)) logins.set(account, (await store.query(findAccount(account)))?.login ?? `account ${account}`);
  const loginOf = (account: AccountId | undefined): string | null => (account === undefined ? null : (logins.get(account) ?? null));
  const event = ({ atMs, mail, recipients, by, ...entry }: TrailEntry): ToldEvent => ({
    at: new Date(atMs).toISOString(),
    event: entry.event,
    queueId: entry.queueId,
    messageId: entry.messageId,
    by: loginOf(by),
    sender: entry.sender,
    recipients: recipients.map(({ address, account, mailbox }) => ({ address, account: loginOf(account), mailbox: mailbox ?? null })),
    messages: mail === undefined ? null : countEmails(mail.emails),
    details: entry.details,
  });
  return stories.map(({ queueId, messageId, entries }) => ({ queueId, messageId, events: entries.map(event) }));
}

function accountsIn(stories: readonly Story[]): ReadonlySet<AccountId> {
  const accounts = stories.flatMap(({ entries }) => entries.flatMap(({ by, recipients }) => [by, ...recipients.map(({ account }) => account)]));
  return new Set(accounts.filter((account) => account !== undefined));
}
