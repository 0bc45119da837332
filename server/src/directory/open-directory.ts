/** The directory of one thread, over the store: see directory.ts for what it promises. */
import { type Clock, systemClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import type { Log } from '#log/log.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { listAddresses } from './addresses.ts';
import { hasScramEverywhere } from './credentials.ts';
import type { Directory } from './directory.ts';
import { findDomain } from './domains.ts';
import { isCurrent } from './is-current.ts';
import { domainKey, formatAddress } from './names.ts';
import { ownsAddress, resolveAddress, resolveBarePostmaster } from './resolve.ts';
import type { SharedSignInState } from './shared-sign-in.ts';
import { SignIn } from './sign-in.ts';
import type { SignInLimits } from './sign-in-limits.ts';

export interface DirectoryOptions {
  readonly store: Store;
  readonly log: Log;
  /** From `createSharedSignInState`, the same on all threads. */
  readonly signIn: SharedSignInState;
  readonly clock?: Clock;
  readonly limits?: SignInLimits;
  /** Refused sign-ins are answered at multiples of this. */
  readonly refusalMs?: number;
  /** Password hashes at a time on this thread. */
  readonly hashesAtOnce?: number;
  /** A page that helps those who cannot sign in; every refusal names it. */
  readonly helpUrl?: string | undefined;
}

/** A directory that must be closed, so that the last entries of the sign-in lists are written. */
export type OpenDirectory = Directory & AsyncDisposable & { flush(): Promise<void> };

export function openDirectory(options: DirectoryOptions): OpenDirectory {
  const { store, log, clock = systemClock } = options;
  const signIn = new SignIn({ ...options, clock, shared: options.signIn });
  let showsScram = false;
  const readScram = (): void => {
    store.query(hasScramEverywhere()).then(
      (everywhere) => {
        showsScram = everywhere;
      },
      (error: unknown) => void log.error('store.failed', error, { what: 'directory' }),
    );
  };
  readScram();
  const changes = store.onNotify('directory', readScram);
  return {
    get showsScram() {
      return showsScram;
    },
    isLocalDomain: async (domain) => {
      const key = domainKey(domain);
      return key !== undefined && (await store.query(findDomain(key))) !== undefined;
    },
    resolve: (localPart, domain) => store.query(resolveAddress(localPart, domain, clock.nowMs())),
    resolvePostmaster: async () => {
      const found = await store.query(resolveBarePostmaster());
      if (found === undefined) throw new DomainError('account-not-found', 'there is no administrator to be postmaster');
      return found;
    },
    maySendAs: (account, localPart, domain) => store.query(ownsAddress(account, localPart, domain)),
    primaryAddress: (account) => store.query(primaryAddress(account)),
    quota: (account) => store.query(quota(account)),
    isCurrent: (identity) => store.query(isCurrent(identity)),
    signInWithPassword: (login, password, context) => signIn.withPassword(login, password, context),
    scramKeys: (login, context) => signIn.scramKeys(login, context),
    finishScram: (keys, isProven, context) => signIn.finishScram(keys, isProven, context),
    refuseMalformed: (context, startMs) => signIn.refuseMalformed(context, startMs),
    flush: () => signIn.flush(),
    [Symbol.asyncDispose]: async () => {
      changes[Symbol.dispose]();
      await signIn[Symbol.asyncDispose]();
    },
  };
}

function* primaryAddress(account: AccountId): Program<string> {
  const row = yield* one<{ readonly primary_address: string }>(sql`SELECT primary_address FROM account WHERE account = ${account}`);
  if (row === undefined) throw new DomainError('account-not-found', 'there is no such account');
  if (row.primary_address !== '') return row.primary_address;
  const first = (yield* listAddresses(account))[0];
  if (first === undefined) throw new DomainError('address-not-found', 'the account has no address');
  return formatAddress(first);
}

function* quota(account: AccountId): Program<{ limitBytes: number; usedBytes: number; usedMessages: number }> {
  const row = yield* one<{ readonly quota_bytes: number; readonly used_bytes: number | null; readonly used_messages: number | null }>(sql`
    SELECT quota_bytes, used_bytes, used_messages FROM account LEFT JOIN account_state USING (account) WHERE account = ${account}`);
  if (row === undefined) throw new DomainError('account-not-found', 'there is no such account');
  return { limitBytes: row.quota_bytes, usedBytes: row.used_bytes ?? 0, usedMessages: row.used_messages ?? 0 };
}
