/**
 * A small mail house for tests of whatever takes mail in: a real store, a real directory and the real way in, with the domain `capri.example` and the
 * accounts `admin` (administrator), `jan` (alias `jan.kowalski@`), `anna`, `full` (no room left) and `gone` (disabled). All have the password `secret-word`.
 */
import type { AccountId, EmailId } from '#core/ids.ts';
import { FakeClock } from '#core/clock.ts';
import type { Delivery } from '#delivery/delivery.ts';
import { DELIVERY_MUTATIONS } from '#delivery/mutations.ts';
import { openDelivery } from '#delivery/open-delivery.ts';
import { DEFAULT_DELIVERY_SETTINGS, type DeliveryServices, type DeliverySettings } from '#delivery/settings.ts';
import { addAccount, setState } from '#directory/accounts.ts';
import { addAlias } from '#directory/addresses.ts';
import { addDomain } from '#directory/domains.ts';
import { DIRECTORY_MUTATIONS } from '#directory/mutations.ts';
import { type OpenDirectory, openDirectory } from '#directory/open-directory.ts';
import { hashPassword } from '#directory/password.ts';
import { createSharedSignInState } from '#directory/shared-sign-in.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { entriesByUid, readMessages } from '#store/read-messages.ts';
import { findMailbox } from '#store/list-mailboxes.ts';
import type { Store } from '#store/store.ts';
import { MemoryLog } from './log.ts';
import { appendTexts, mailboxId, openTestStore, sampleText, TEST_TIME_MS, type TestStoreOptions } from './store.ts';

export const PASSWORD = 'secret-word';

export interface MailHouse extends AsyncDisposable {
  readonly store: Store;
  readonly directory: OpenDirectory;
  readonly delivery: Delivery;
  readonly services: DeliveryServices;
  readonly log: MemoryLog;
  readonly clock: FakeClock;
  readonly accounts: Readonly<Record<'admin' | 'jan' | 'anna' | 'full' | 'gone', AccountId>>;
  /** Every message of an account's INBOX, whole, as a client downloads it. */
  inbox(account: AccountId): Promise<readonly string[]>;
  /** The same of another mailbox; none where there is no such mailbox. */
  mailbox(account: AccountId, name: string): Promise<readonly string[]>;
}

export interface MailHouseOptions extends TestStoreOptions {
  readonly settings?: Partial<DeliverySettings>;
  /** What checks of mail from elsewhere ask; by default they are not made. */
  readonly resolver?: Resolver;
}

export async function openMailHouse(options: MailHouseOptions = {}): Promise<MailHouse> {
  const { settings, resolver, ...storeOptions } = options;
  const clock = new FakeClock(TEST_TIME_MS);
  const log = new MemoryLog();
  const opened = await openTestStore({ ...storeOptions, mutations: [...DIRECTORY_MUTATIONS, ...DELIVERY_MUTATIONS, ...(options.mutations ?? [])] });
  const { store } = opened;
  const directory = openDirectory({ store, log, signIn: createSharedSignInState(), clock, refusalMs: 1 });
  const nowMs = clock.nowMs();
  const passwordHash = await (hash ??= hashPassword(PASSWORD));
  await store.commit(addDomain, { domain: 'capri.example', nowMs });
  const add = (login: string, more: { readonly isAdmin?: boolean; readonly quotaBytes?: number } = {}): Promise<AccountId> =>
    store.commit(addAccount, { login, addresses: [`${login}@capri.example`], passwordHash, nowMs, ...more });
  const accounts = {
    admin: await add('admin', { isAdmin: true }),
    jan: await add('jan'),
    anna: await add('anna'),
    full: await add('full', { quotaBytes: 1 }),
    gone: await add('gone'),
  };
  await store.commit(addAlias, { account: accounts.jan, address: 'jan.kowalski@capri.example', nowMs });
  await appendTexts(store, accounts.full, await mailboxId(store, accounts.full, 'INBOX'), [sampleText(1)]);
  await store.commit(setState, { account: accounts.gone, state: 'disabled' });
  const services: DeliveryServices = {
    store,
    directory,
    log,
    clock,
    resolver,
    settings: { hostname: 'mx.capri.example', ...DEFAULT_DELIVERY_SETTINGS, ...settings },
  };
  return {
    store,
    directory,
    delivery: openDelivery(services),
    services,
    log,
    clock,
    accounts,
    inbox: (account) => readMailbox(store, account, 'INBOX'),
    mailbox: (account, name) => readMailbox(store, account, name),
    [Symbol.asyncDispose]: async () => {
      await directory[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

let hash: Promise<string> | undefined;

async function readMailbox(store: Store, account: AccountId, name: string): Promise<readonly string[]> {
  const mailbox = await store.query(findMailbox(account, name));
  if (mailbox === undefined) return [];
  const entries = await store.query(entriesByUid(mailbox.mailbox, 1, 2 ** 32 - 1));
  const messages = await store.query(readMessages(entries.map(([, email]) => email as EmailId)));
  return Promise.all(
    messages.map(async (message) => {
      if (message === undefined) throw new Error('an entry has no message');
      const body = await store.readBlob(message.blob, 0, message.size - message.prefix.length);
      return Buffer.concat([message.prefix, body]).toString('latin1');
    }),
  );
}
