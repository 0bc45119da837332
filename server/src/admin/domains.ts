/** Operations on domains. */
import { yieldToLoop } from '#core/async.ts';
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { findAccount } from '#directory/accounts.ts';
import { makeDkimKeys } from '#directory/dkim-keys-make.ts';
import { addDomain, type DomainInfo, findDomain, listDomains, removeDomain, setDomain } from '#directory/domains.ts';
import { normalizeDomain } from '#directory/names.ts';
import type { Store } from '#store/store.ts';
import { accountNamed, given, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownDomain {
  readonly domain: string;
  /** Login of the account that gets what nobody else has; null: unknown addresses are refused. */
  readonly catchAll: string | null;
  /** Between local part and detail; empty: no detail. */
  readonly separator: string;
  /** Whether people may sign in with an address of this domain. */
  readonly addressSignIn: boolean;
  /** Whether mail that is forwarded for its addresses is sealed (ARC). */
  readonly arcSeal: boolean;
}

const shownDomain: z.ZodType<ShownDomain> = z.object({
  domain: z.string(),
  catchAll: z.string().nullable(),
  separator: z.string(),
  addressSignIn: z.boolean(),
  arcSeal: z.boolean(),
});
const PAGE = 200;

export const domainOperations: readonly AnyOperation[] = [
  operation({
    name: 'domain.add',
    about: 'Receive mail for a domain',
    permission: 'admin',
    input: z.strictObject({ domain: z.string(), separator: z.string().optional(), addressSignIn: z.boolean().optional() }),
    output: z.object({ domain: z.string() }),
    async run({ store, clock }, { domain, ...rest }) {
      const nowMs = clock.nowMs();
      const added = await store.commit(addDomain, { domain, ...given(rest), nowMs });
      await makeDkimKeys(store, { domain: added, as: 'first', nowMs });
      return { domain: added };
    },
  }),
  operation({
    name: 'domain.list',
    about: 'The domains for which mail is received',
    permission: 'admin',
    input: z.strictObject({}),
    output: z.array(shownDomain),
    async run({ store }) {
      const shown: ShownDomain[] = [];
      for await (const domain of everyDomain(store)) shown.push(await show(store, domain));
      return shown;
    },
  }),
  operation({
    name: 'domain.set',
    about: 'Change what happens with unknown addresses, details and sign-in names of a domain',
    permission: 'admin',
    input: z.strictObject({
      domain: z.string(),
      catchAll: z.string().nullable().optional(),
      separator: z.string().optional(),
      addressSignIn: z.boolean().optional(),
      arcSeal: z.boolean().optional(),
    }),
    output: shownDomain,
    async run({ store }, { domain, catchAll, ...rest }) {
      const account = typeof catchAll === 'string' ? (await store.query(accountNamed(catchAll))).account : catchAll;
      await store.commit(setDomain, { domain, ...given({ catchAll: account, ...rest }) });
      const found = await store.query(findDomain(normalizeDomain(domain)));
      if (found === undefined) throw new DomainError('domain-not-found', `there is no domain ${domain}`);
      return await show(store, found);
    },
  }),
  operation({
    name: 'domain.remove',
    about: 'Receive mail for a domain no longer; it must have no addresses left',
    permission: 'admin',
    input: z.strictObject({ domain: z.string() }),
    output: z.object({ domain: z.string() }),
    async run({ store, primaryDomain }, { domain }) {
      if (normalizeDomain(domain) === normalizeDomain(primaryDomain))
        throw new DomainError('bad-request', `${domain} is the primary domain of this server, from which notices are sent: it cannot be removed`);
      await store.commit(removeDomain, { domain });
      return { domain };
    },
  }),
];

async function* everyDomain(store: Store): AsyncGenerator<DomainInfo> {
  for (let after = ''; ; ) {
    await yieldToLoop();
    const page = await store.query(listDomains({ after, limit: PAGE }));
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.domain;
  }
}

async function show(store: Store, { domain, catchAll, separator, addressSignIn, arcSeal }: DomainInfo): Promise<ShownDomain> {
  const account = catchAll === undefined ? undefined : await store.query(findAccount(catchAll));
  return { domain, catchAll: account?.login ?? null, separator, addressSignIn, arcSeal };
}
