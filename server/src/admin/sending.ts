/** How much accounts send, and the end of a hold. */
import { z } from 'zod';
import type { AccountId } from '#core/ids.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { readAccountHold } from '#queue/hold.ts';
import { readAccountSending } from '#queue/limits/account-limits.ts';
import { readSent } from '#queue/limits/allowance.ts';
import { releaseAccountSending } from '#queue/limits/hold.ts';
import type { Program } from '#store/sql.ts';
import { accountNamed, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownSending {
  /** Null: as configured; 0: no limit. */
  readonly recipientsPerHour: number | null;
  readonly recipientsPerDay: number | null;
  readonly sentThisHour: number;
  readonly sentToday: number;
  readonly hold: { readonly since: string; readonly reason: string; readonly by: string } | null;
}

export const shownSending: z.ZodType<ShownSending> = z.object({
  recipientsPerHour: z.number().nullable(),
  recipientsPerDay: z.number().nullable(),
  sentThisHour: z.number(),
  sentToday: z.number(),
  hold: z.object({ since: z.string(), reason: z.string(), by: z.string() }).nullable(),
});

/** What an account may send, has sent, and whether it is on hold. */
export function* showSending(account: AccountId, nowMs: number): Program<ShownSending> {
  const own = yield* readAccountSending(account);
  const hold = yield* readAccountHold(account);
  const { inHour, inDay } = yield* readSent(account, nowMs);
  return {
    recipientsPerHour: own.recipientsPerHour ?? null,
    recipientsPerDay: own.recipientsPerDay ?? null,
    sentThisHour: inHour,
    sentToday: inDay,
    hold: hold === undefined ? null : { since: new Date(hold.heldAtMs).toISOString(), reason: hold.reason, by: hold.actor },
  };
}

export interface Released {
  readonly login: string;
  readonly wasHeld: boolean;
  /** Recipients whose mail goes on. */
  readonly recipients: number;
}

export const sendingOperations: readonly AnyOperation[] = [
  operation<{ readonly login: string }, Released>({
    name: 'account.release',
    about: 'End the hold of an account: its mail that was kept is sent',
    permission: 'admin',
    input: z.strictObject({ login: z.string() }),
    output: z.object({ login: z.string(), wasHeld: z.boolean(), recipients: z.number() }),
    async run({ store, clock }, { login }) {
      const found = await store.query(accountNamed(login));
      const nowMs = clock.nowMs();
      const done = await releaseAccountSending(store, { account: found.account, actor: 'administrator', id: newReceiptId(nowMs), nowMs });
      return { login: found.login, ...done };
    },
  }),
];
