/** Operations on the queue of mail for elsewhere: what is in it, and which accounts are on hold. */
import { z } from 'zod';
import { findAccount } from '#directory/accounts.ts';
import { holdAccountMail, listAccountHolds } from '#queue/hold.ts';
import { readQueued } from '#queue/queue-rows.ts';
import type { Program } from '#store/sql.ts';
import { accountNamed, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { ACTOR, notQueued, type QueueChange, queueChange, queueChangeOperations } from './queue-changes.ts';
import { type FilterInput, filterOf, filterShape, type PageInput, pageShape, readPage, type ShownPage, shownPage } from './queue-page.ts';
import { type Language, language, showQueued, type ShownQueued, shownQueued } from './shown-queued.ts';

export interface ShownAccountHold {
  readonly login: string;
  readonly since: string;
  readonly reason: string;
  readonly by: string;
}

export const queueOperations: readonly AnyOperation[] = [
  operation<FilterInput & PageInput, ShownPage>({
    name: 'queue.list',
    about: 'Mail that waits to be sent to other servers, the oldest first, a page at a time',
    permission: 'admin',
    input: z.strictObject({ ...filterShape, ...pageShape }),
    output: shownPage,
    run: async ({ store }, { after, limit, language, ...input }) => await readPage(store, await filterOf(store, input), { after, limit, language }),
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
      return showQueued(found, words);
    },
  }),
  ...queueChangeOperations,
  operation<{ readonly account: string; readonly reason: string }, QueueChange>({
    name: 'queue.hold-account',
    about: 'Keep all mail of an account, what waits and what it sends from now on, until the account is released',
    permission: 'admin',
    input: z.strictObject({ account: z.string().min(1), reason: z.string() }),
    output: queueChange,
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

function time(ms: number): string {
  return new Date(ms).toISOString();
}
