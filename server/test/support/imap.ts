/** An IMAP door over a real store and directory, for transcripts and for foreign test suites. */
import type { AccountId } from '#core/ids.ts';
import { systemClock } from '#core/clock.ts';
import { addAccount } from '#directory/accounts.ts';
import { addDomain } from '#directory/domains.ts';
import { DIRECTORY_MUTATIONS } from '#directory/mutations.ts';
import { TRAIL_MUTATIONS } from '#trail/mutations.ts';
import { openDirectory } from '#directory/open-directory.ts';
import { hashPassword } from '#directory/password.ts';
import { createSharedSignInState } from '#directory/shared-sign-in.ts';
import { serveImap } from '#imap/serve.ts';
import { DEFAULT_IMAP_SETTINGS, type ImapServices, type ImapSettings } from '#imap/services.ts';
import { mechanisms } from '#sasl/exchange.ts';
import type { Store } from '#store/store.ts';
import { MemoryLog } from './log.ts';
import { type ServedDoor, serveDoor } from './net.ts';
import { openTestStore } from './store.ts';

export interface ImapTestServer extends AsyncDisposable {
  /** STARTTLS. */
  readonly port: number;
  /** Implicit TLS. */
  readonly tlsPort: number;
  readonly store: Store;
  readonly log: MemoryLog;
  readonly services: ImapServices;
  /** Adds an account `login@example.test` with the password `secret`. */
  addAccount(login: string, quotaBytes?: number): Promise<AccountId>;
}

export const PASSWORD = 'secret';

/** Starts with the account `jan`; `adapt` may replace services. */
export async function openImapServer(
  settings: Partial<ImapSettings> = {},
  adapt: (services: ImapServices) => ImapServices = (services) => services,
): Promise<ImapTestServer> {
  const testStore = await openTestStore({ mutations: [...DIRECTORY_MUTATIONS, ...TRAIL_MUTATIONS] });
  const { store } = testStore;
  const log = new MemoryLog();
  const directory = openDirectory({ store, log, signIn: createSharedSignInState(), refusalMs: 1 });
  const services: ImapServices = adapt({
    store,
    directory,
    mechanisms,
    log,
    clock: systemClock,
    settings: { hostname: 'mail.example.test', version: '0.0.0', ...DEFAULT_IMAP_SETTINGS, ...settings },
  });
  const door = (connection: Parameters<typeof serveImap>[0]): Promise<void> => serveImap(connection, services);
  const plain: ServedDoor = await serveDoor(door, { name: 'imap', log });
  const secure: ServedDoor = await serveDoor(door, { name: 'imaps', implicitTls: true, log });
  await store.commit(addDomain, { domain: 'example.test', nowMs: Date.now() });
  const passwordHash = await hashPassword(PASSWORD);
  const server: ImapTestServer = {
    port: plain.port,
    tlsPort: secure.port,
    store,
    log,
    services,
    addAccount: (login, quotaBytes = 0) =>
      store.commit(addAccount, { login, addresses: [`${login}@example.test`], passwordHash, quotaBytes, nowMs: Date.now() }),
    [Symbol.asyncDispose]: async () => {
      await plain.close();
      await secure.close();
      await directory[Symbol.asyncDispose]();
      await testStore[Symbol.asyncDispose]();
    },
  };
  await server.addAccount('jan');
  return server;
}
