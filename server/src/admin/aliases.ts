/** Operations on aliases: further addresses of accounts. */
import { yieldToLoop } from '#core/async.ts';
import { z } from 'zod';
import { addAlias, type AliasInfo, listAliases, removeAlias } from '#directory/addresses.ts';
import { formatAddress } from '#directory/names.ts';
import type { Store } from '#store/store.ts';
import { accountNamed, given, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownAlias {
  readonly address: string;
  readonly login: string;
}

const shownAlias: z.ZodType<ShownAlias> = z.object({ address: z.string(), login: z.string() });
const PAGE = 1000;

export const aliasOperations: readonly AnyOperation[] = [
  operation({
    name: 'alias.add',
    about: 'Give an account one more address',
    permission: 'admin',
    input: z.strictObject({ address: z.string(), login: z.string(), allowReserved: z.boolean().optional() }),
    output: shownAlias,
    async run({ store, clock }, { address, login, allowReserved }) {
      const { account, login: found } = await store.query(accountNamed(login));
      return { address: await store.commit(addAlias, { account, address, ...given({ allowReserved }), nowMs: clock.nowMs() }), login: found };
    },
  }),
  operation({
    name: 'alias.list',
    about: 'All addresses and whose they are',
    permission: 'admin',
    input: z.strictObject({}),
    output: z.array(shownAlias),
    async run({ store }) {
      const shown: ShownAlias[] = [];
      for await (const alias of everyAlias(store)) shown.push({ address: formatAddress(alias), login: alias.login });
      return shown;
    },
  }),
  operation({
    name: 'alias.remove',
    about: 'Take an address away from its account; it stays reserved for a time',
    permission: 'admin',
    input: z.strictObject({ address: z.string() }),
    output: z.object({ address: z.string() }),
    async run({ store, clock }, { address }) {
      await store.commit(removeAlias, { address, nowMs: clock.nowMs() });
      return { address };
    },
  }),
];

async function* everyAlias(store: Store): AsyncGenerator<AliasInfo> {
  let last: AliasInfo | undefined;
  do {
    await yieldToLoop();
    const page: readonly AliasInfo[] = await store.query(listAliases({ ...given({ after: last }), limit: PAGE }));
    yield* page;
    last = page.length < PAGE ? undefined : page.at(-1);
  } while (last !== undefined);
}
