/** Operations on accounts. */
import { yieldToLoop } from '#core/async.ts';
import { z } from 'zod';
import type { AccountId } from '#core/ids.ts';
import { type AccountInfo, addAccount, listAccounts, removeAccount, requireAccount, setState, updateAccount } from '#directory/accounts.ts';
import { listAddresses } from '#directory/addresses.ts';
import { formatAddress, normalizeLogin } from '#directory/names.ts';
import { MOST_RECIPIENTS, setLimits } from '#queue/limits/account-limits.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { changePassword, makeCredentials, withPassword } from './credentials.ts';
import { accountNamed, given, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';
import { showSending, shownSending, type ShownSending } from './sending.ts';

export interface ShownAccount {
  readonly login: string;
  readonly name: string;
  readonly address: string;
  readonly aliases: readonly string[];
  readonly isAdmin: boolean;
  readonly state: 'active' | 'disabled';
  readonly language: string;
  /** 0: no limit. */
  readonly quotaBytes: number;
  readonly usedBytes: number;
  readonly usedMessages: number;
  readonly sending: ShownSending;
  readonly createdAt: string;
}

const shownAccount: z.ZodType<ShownAccount> = z.object({
  login: z.string(),
  name: z.string(),
  address: z.string(),
  aliases: z.array(z.string()),
  isAdmin: z.boolean(),
  state: z.enum(['active', 'disabled']),
  language: z.string(),
  quotaBytes: z.number(),
  usedBytes: z.number(),
  usedMessages: z.number(),
  sending: shownSending,
  createdAt: z.string(),
});

/** 0: no limit. */
const recipientLimit = z.int().min(0).max(MOST_RECIPIENTS);
const oneAccount = z.strictObject({ login: z.string() });
const PAGE = 200;

export const accountOperations: readonly AnyOperation[] = [
  operation({
    name: 'account.add',
    about: 'Make an account; without a password one is made and told',
    permission: 'admin',
    input: z.strictObject({
      login: z.string(),
      address: z.string().optional(),
      aliases: z.array(z.string()).default([]),
      name: z.string().optional(),
      language: z.string().optional(),
      quotaBytes: z.number().optional(),
      isAdmin: z.boolean().optional(),
      password: z.string().optional(),
      allowReserved: z.boolean().optional(),
    }),
    output: withPassword,
    async run({ store, clock, primaryDomain }, { password, address, aliases, login, ...rest }) {
      const addresses = [address ?? `${normalizeLogin(login)}@${primaryDomain}`, ...aliases];
      const credentials = await makeCredentials(password);
      const account = await store.commit(addAccount, {
        login,
        addresses,
        ...given(rest),
        passwordHash: credentials.passwordHash,
        ...given({ scramKeys: credentials.scramKeys }),
        nowMs: clock.nowMs(),
      });
      const made = await store.query(requireAccount(account));
      return { login: made.login, address: made.primaryAddress, ...given({ password: credentials.generated }) };
    },
  }),
  operation({
    name: 'account.list',
    about: 'All accounts',
    permission: 'admin',
    input: z.strictObject({}),
    output: z.array(shownAccount),
    async run({ store, clock }) {
      const shown: ShownAccount[] = [];
      for await (const account of everyAccount(store)) shown.push(await show(store, account, clock.nowMs()));
      return shown;
    },
  }),
  operation({
    name: 'account.show',
    about: 'One account',
    permission: 'admin',
    input: oneAccount,
    output: shownAccount,
    async run({ store, clock }, { login }) {
      return await show(store, await store.query(accountNamed(login)), clock.nowMs());
    },
  }),
  operation({
    name: 'account.set',
    about: 'Change name, quota, language, rights, sending limits (null: as configured) or the address that an account writes from',
    permission: 'admin',
    input: z.strictObject({
      login: z.string(),
      name: z.string().optional(),
      language: z.string().optional(),
      quotaBytes: z.number().optional(),
      isAdmin: z.boolean().optional(),
      address: z.string().optional(),
      recipientsPerHour: recipientLimit.nullable().optional(),
      recipientsPerDay: recipientLimit.nullable().optional(),
    }),
    output: shownAccount,
    async run({ store, clock }, { login, recipientsPerHour, recipientsPerDay, ...rest }) {
      const { account } = await store.query(accountNamed(login));
      const limits = given({ recipientsPerHour, recipientsPerDay });
      await store.commit(updateAccount, { account, ...given(rest) });
      if (Object.keys(limits).length > 0) await store.commit(setLimits, { account, ...limits });
      return await show(store, await store.query(requireAccount(account)), clock.nowMs());
    },
  }),
  operation({
    name: 'account.passwd',
    about: 'Give an account another password; without one, one is made and told',
    permission: 'admin',
    input: z.strictObject({ login: z.string(), password: z.string().optional() }),
    output: withPassword,
    run: async ({ store }, { login, password }) => await changePassword(store, await store.query(accountNamed(login)), password),
  }),
  stateOperation('disable', 'disabled', 'Let nobody sign in to an account; mail for it is refused'),
  stateOperation('enable', 'active', 'Let an account sign in again'),
  operation({
    name: 'account.remove',
    about: 'Remove an account with all its mail; its login and addresses stay reserved for a time',
    permission: 'admin',
    input: oneAccount,
    output: oneAccount,
    async run({ store, clock }, { login }) {
      const found = await store.query(accountNamed(login));
      await store.commit(removeAccount, { account: found.account, nowMs: clock.nowMs() });
      return { login: found.login };
    },
  }),
];

function stateOperation(verb: 'disable' | 'enable', state: 'active' | 'disabled', about: string): AnyOperation {
  return operation({
    name: `account.${verb}`,
    about,
    permission: 'admin',
    input: oneAccount,
    output: shownAccount,
    async run({ store, clock }, { login }) {
      const { account } = await store.query(accountNamed(login));
      await store.commit(setState, { account, state });
      return await show(store, await store.query(requireAccount(account)), clock.nowMs());
    },
  });
}

async function* everyAccount(store: Store): AsyncGenerator<AccountInfo> {
  for (let afterLogin = ''; ; ) {
    // Queries have no wait inside: others get their turn between the pages.
    await yieldToLoop();
    const page = await store.query(listAccounts({ afterLogin, limit: PAGE }));
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    afterLogin = last.login;
  }
}

async function show(store: Store, info: AccountInfo, nowMs: number): Promise<ShownAccount> {
  const { usedBytes, usedMessages, aliases } = await store.query(details(info.account, info.primaryAddress));
  const { login, name, primaryAddress, isAdmin, state, language, quotaBytes, createdAtMs } = info;
  return {
    login,
    name,
    address: primaryAddress,
    aliases,
    isAdmin,
    state,
    language,
    quotaBytes,
    usedBytes,
    usedMessages,
    sending: await store.query(showSending(info.account, nowMs)),
    createdAt: new Date(createdAtMs).toISOString(),
  };
}

function* details(account: AccountId, primaryAddress: string): Program<Pick<ShownAccount, 'usedBytes' | 'usedMessages' | 'aliases'>> {
  const usage = yield* one<{ readonly usedBytes: number; readonly usedMessages: number }>(sql`
    SELECT used_bytes AS usedBytes, used_messages AS usedMessages FROM account_state WHERE account = ${account}`);
  const addresses = (yield* listAddresses(account)).map(formatAddress);
  return { usedBytes: usage?.usedBytes ?? 0, usedMessages: usage?.usedMessages ?? 0, aliases: addresses.filter((address) => address !== primaryAddress) };
}
