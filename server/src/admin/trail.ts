/** Operations on the trail: what happened to a message. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { findAccount } from '#directory/accounts.ts';
import type { Store } from '#store/store.ts';
import { countEmails } from '#trail/emails.ts';
import type { TrailEntry } from '#trail/entry.ts';
import { findStories, trailOf } from '#trail/find.ts';
import type { TrailDetails, TrailEventName } from '#trail/record.ts';
import type { Story } from '#trail/story.ts';
import type { ToldEvent } from '#trail/tell/event.ts';
import type { ToldStory } from '#trail/tell/tell-story.ts';
import { accountNamed, given, operation } from './define.ts';
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

export const trailOperations: readonly AnyOperation[] = [
  operation({
    name: 'trail.find',
    about: 'What happened to a message, or to the mail of an address',
    permission: 'admin',
    input: z.strictObject({
      key: z.string().min(1).max(998),
      since: z.iso.datetime({ offset: true }).optional(),
      until: z.iso.datetime({ offset: true }).optional(),
      /** Messages. */
      limit: z.number().int().min(1).max(200).optional(),
      /** A login: only what that account may see of it. */
      as: z.string().optional(),
    }),
    output: z.array(z.object({ queueId: z.string(), messageId: z.string(), events: z.array(told) })),
    async run({ store }, { key, since, until, limit, as }): Promise<ToldStory[]> {
      const span = { fromMs: momentOf(since, FOREVER_MS), toMs: momentOf(until, LATEST_MS), ...given({ limit }) };
      if (span.fromMs > span.toMs) throw new DomainError('bad-request', 'the time that it begins with is after the one that it ends with');
      const stories = as === undefined ? await findStories(store, key, span) : await trailOf(store, (await store.query(accountNamed(as))).account, span, key);
      return await show(store, stories);
    },
  }),
];

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
