/** Operations on the list of addresses that are not written to. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { findAccount } from '#directory/accounts.ts';
import { addSuppression, listSuppressions, parseSuppressionAddress, removeSuppression, type SuppressionPlace } from '#queue/suppression.ts';
import type { Program } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { accountNamed, operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

export interface ShownSuppression {
  readonly address: string;
  /** The login whose mail does not go there; null: nobody's does. */
  readonly account: string | null;
  readonly reason: 'bounces' | 'complaint' | 'administrator';
  readonly detail: string;
  readonly since: string;
  /** Null: until it is removed. */
  readonly until: string | null;
}

export interface ShownSuppressions {
  readonly suppressions: readonly ShownSuppression[];
  /** What to say for the next page. */
  readonly next: string | null;
}

const PAGE = 200;
const DAY_MS = 24 * 3600_000;

export const suppressionOperations: readonly AnyOperation[] = [
  operation<{ readonly after?: string | undefined }, ShownSuppressions>({
    name: 'queue.suppressions.list',
    about: 'Addresses that are not written to, and why; a page at a time',
    permission: 'admin',
    input: z.strictObject({ after: z.string().optional() }),
    output: z.object({
      suppressions: z.array(
        z.object({
          address: z.string(),
          account: z.string().nullable(),
          reason: z.enum(['bounces', 'complaint', 'administrator']),
          detail: z.string(),
          since: z.string(),
          until: z.string().nullable(),
        }),
      ),
      next: z.string().nullable(),
    }),
    run: async ({ store }, { after }) => await store.query(shownPage(after === undefined ? undefined : placeOf(after))),
  }),
  operation<AddressInput & { readonly days?: number | undefined; readonly note?: string | undefined }, AddressInput>({
    name: 'queue.suppressions.add',
    about: 'Write to an address no more',
    permission: 'admin',
    input: z.strictObject({
      address: z.string(),
      account: z.string().optional(),
      days: z.number().int().min(1).max(36_500).optional(),
      note: z.string().max(500).optional(),
    }),
    output: z.object({ address: z.string(), account: z.string().optional() }),
    async run({ store, clock }, { address, account, days, note = '' }) {
      const nowMs = clock.nowMs();
      const key = addressOf(address);
      const expiresAtMs = days === undefined ? undefined : nowMs + days * DAY_MS;
      const suppression = { account: await accountOf(store, account), address: key, detail: note, createdAtMs: nowMs, expiresAtMs };
      await store.commit(addSuppression, { ...suppression, reason: 'administrator' });
      return { address: key, account };
    },
  }),
  operation<AddressInput, AddressInput>({
    name: 'queue.suppressions.remove',
    about: 'Write to an address again',
    permission: 'admin',
    input: z.strictObject({ address: z.string(), account: z.string().optional() }),
    output: z.object({ address: z.string(), account: z.string().optional() }),
    async run({ store }, { address, account }) {
      const key = addressOf(address);
      const wasThere = await store.commit(removeSuppression, { account: await accountOf(store, account), address: key });
      const whose = account === undefined ? 'for the whole server' : `for ${account}`;
      if (!wasThere)
        throw new DomainError(
          'address-not-found',
          `${key} is not on the list ${whose}; \`capri queue suppressions list\` shows all entries, with the accounts they hold for`,
        );
      return { address: key, account };
    },
  }),
];

export interface AddressInput {
  readonly address: string;
  /** A login; left out: the whole server. */
  readonly account?: string | undefined;
}

function addressOf(text: string): string {
  const address = parseSuppressionAddress(text);
  if (address === undefined) throw new DomainError('address-invalid', `"${text}" is not an address; write it like jan@example.org`);
  return address;
}

async function accountOf(store: Store, login: string | undefined): Promise<AccountId | undefined> {
  return login === undefined ? undefined : (await store.query(accountNamed(login))).account;
}

function* shownPage(after: SuppressionPlace | undefined): Program<ShownSuppressions> {
  const { suppressions, next } = yield* listSuppressions(after, PAGE);
  const shown: ShownSuppression[] = [];
  for (const { account, address, reason, detail, createdAtMs, expiresAtMs } of suppressions) {
    const login = account === undefined ? null : ((yield* findAccount(account))?.login ?? String(account));
    shown.push({ address, account: login, reason, detail, since: time(createdAtMs), until: expiresAtMs === undefined ? null : time(expiresAtMs) });
  }
  return { suppressions: shown, next: next === undefined ? null : `${next.account}/${next.address}` };
}

function placeOf(text: string): SuppressionPlace {
  const slash = text.indexOf('/');
  const account = Number(text.slice(0, slash));
  if (slash < 1 || !Number.isSafeInteger(account)) throw new DomainError('bad-request', 'after: give what the page before said under next');
  return { account, address: text.slice(slash + 1) };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
