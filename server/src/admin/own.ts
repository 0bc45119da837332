/** What every account that has signed in may do for itself, beside its forwards (own-forwards.ts) and its trail (trail.ts). */
import { z } from 'zod';
import { changePassword, withPassword } from './credentials.ts';
import { ownOperation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { type PageInput, pageShape, readPage, type ShownPage, shownPage } from './queue-page.ts';

export const ownOperations: readonly AnyOperation[] = [
  ownOperation<PageInput, ShownPage>({
    name: 'own.queue.list',
    about: 'Own mail that waits to be sent to other servers, the oldest first, a page at a time',
    permission: 'user',
    input: z.strictObject(pageShape),
    output: shownPage,
    run: async ({ store }, page, { account }) => await readPage(store, { account, isForItsOwner: true }, page),
  }),
  ownOperation({
    name: 'own.passwd',
    about: 'Take another password; without one, one is made and told',
    permission: 'user',
    input: z.strictObject({ password: z.string().optional() }),
    output: withPassword,
    run: async ({ store }, { password }, own) => await changePassword(store, own, password),
  }),
];
