/** A real directory over a real store, with a domain and accounts, for the tests of all doors. */
import { type Clock, FakeClock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { type AddAccount, addAccount } from '#directory/accounts.ts';
import type { SignInContext } from '#directory/directory.ts';
import { addDomain } from '#directory/domains.ts';
import { DIRECTORY_MUTATIONS } from '#directory/mutations.ts';
import { type DirectoryOptions, type OpenDirectory, openDirectory } from '#directory/open-directory.ts';
import { hashPassword } from '#directory/password.ts';
import { makeScramKeys } from '#directory/scram-keys.ts';
import { createSharedSignInState } from '#directory/shared-sign-in.ts';
import type { Store } from '#store/store.ts';
import { MemoryLog } from './log.ts';
import { openTestStore, type TestStore, type TestStoreOptions } from './store.ts';

export interface TestDirectory extends TestStore {
  readonly people: OpenDirectory;
  readonly log: MemoryLog;
  readonly clock: FakeClock;
}

/** A store with the domain capri.example in it, and a directory over it. Refused sign-ins come after 20 ms. */
export async function openTestDirectory(options: Partial<DirectoryOptions> & TestStoreOptions = {}): Promise<TestDirectory> {
  const place = await openTestStore({ ...options, mutations: [...DIRECTORY_MUTATIONS, ...(options.mutations ?? [])] });
  const log = new MemoryLog();
  const clock = new FakeClock();
  const people = openDirectory({ refusalMs: 20, signIn: createSharedSignInState(), clock, ...options, store: place.store, log });
  await place.store.commit(addDomain, { domain: 'capri.example', nowMs: clock.nowMs() });
  return {
    ...place,
    people,
    log,
    clock,
    [Symbol.asyncDispose]: async () => {
      await people[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Adds an account with the address login@capri.example; with `generated` its password gets SCRAM keys, as if the server had made it. */
export async function addTestAccount(
  place: { readonly store: Store; readonly clock: Clock },
  login: string,
  options: Partial<AddAccount> & { readonly password?: string; readonly generated?: boolean } = {},
): Promise<AccountId> {
  const { password = `${login}-password`, generated = false, ...rest } = options;
  return place.store.commit(addAccount, {
    login,
    addresses: [`${login}@capri.example`],
    passwordHash: await hashPassword(password),
    ...(generated && { scramKeys: await makeScramKeys(password) }),
    nowMs: place.clock.nowMs(),
    ...rest,
  });
}

/** Where a test's sign-in comes from. */
export function signInFrom(remoteAddress: string = '127.0.0.1'): SignInContext {
  return { listener: 'imaps', remoteAddress, connectionId: 'test' };
}
