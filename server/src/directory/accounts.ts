/**
 * Accounts: who has mail here. An id is never used again; login and addresses of a removed account stay reserved for a time.
 * Passwords come hashed (password.ts): a mutation is no place for slow work.
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { createAccountMailProgram } from '#store/account-mail.ts';
import { deleteAllMailboxes } from '#store/destroy-account-mail.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { choosePrimaryAddress, insertAddress, listAddresses } from './addresses.ts';
import { storeScramKeys } from './credentials.ts';
import { forgetForwards } from './forget-forwards.ts';
import { formatAddress, normalizeAddress, normalizeLogin } from './names.ts';
import { RESERVED_MS, refuseReserved, reserve } from './reserved.ts';
import type { StoredScramKeys } from './scram-keys.ts';

export type AccountState = 'active' | 'disabled';

export interface AccountInfo {
  readonly account: AccountId;
  readonly login: string;
  /** Full name; may be empty. */
  readonly name: string;
  /** `pl`, `en`; empty: not chosen. */
  readonly language: string;
  readonly isAdmin: boolean;
  readonly state: AccountState;
  /** 0: none. */
  readonly quotaBytes: number;
  /** Empty where the account has no address. */
  readonly primaryAddress: string;
  readonly createdAtMs: number;
}

/** Ids end below 2^23: core/ids.ts. */
const ACCOUNT_LIMIT = 2 ** 23;
/** Mailboxes that go with the account in one mutation; the rest follows. */
const MAILBOXES = 500;

export interface AddAccount {
  readonly login: string;
  /** The first is the one the account writes from. */
  readonly addresses: readonly string[];
  readonly name?: string;
  readonly language?: string;
  readonly isAdmin?: boolean;
  readonly quotaBytes?: number;
  /** From `hashPassword`. */
  readonly passwordHash: string;
  /** Only for a password that the server made. */
  readonly scramKeys?: StoredScramKeys;
  /** Take reserved names all the same. */
  readonly allowReserved?: boolean;
  readonly nowMs: number;
}

/** Makes the account, its addresses and its mailboxes. Throws `login-invalid`, `account-exists`, `name-reserved`, `object-limit`, and what `addAlias` throws. */
export const addAccount: Mutation<AddAccount, AccountId> = defineMutation('directory.addAccount', function* (tx, args: AddAccount) {
  const login = normalizeLogin(args.login);
  if (args.allowReserved !== true) yield* refuseReserved(login, undefined, args.nowMs);
  if (yield* one(sql`SELECT 1 FROM account WHERE login = ${login}`)) throw new DomainError('account-exists', `there is an account ${login} already`);
  const counter = yield* one<{ readonly account: AccountId }>(sql`
    UPDATE directory_state SET next_account = next_account + 1 WHERE id = 1 AND next_account < ${ACCOUNT_LIMIT} RETURNING next_account - 1 AS account`);
  if (counter === undefined) throw new DomainError('object-limit', 'no account id is left');
  const { account } = counter;
  const addresses = args.addresses.map(normalizeAddress);
  const primary = addresses[0] === undefined ? '' : formatAddress(addresses[0]);
  yield* run(sql`
    INSERT INTO account (account, login, name, language, is_admin, quota_bytes, primary_address, password, created_at)
    VALUES (${account}, ${login}, ${cleanName(args.name ?? '')}, ${cleanLanguage(args.language ?? '')}, ${args.isAdmin === true ? 1 : 0},
      ${checkQuota(args.quotaBytes ?? 0)}, ${primary}, ${args.passwordHash}, ${args.nowMs})`);
  yield* run(sql`DELETE FROM reserved_name WHERE name = ${login}`);
  for (const address of addresses) yield* insertAddress(tx, { account, address, allowReserved: args.allowReserved === true, nowMs: args.nowMs });
  if (args.scramKeys) yield* storeScramKeys(account, args.scramKeys);
  yield* createAccountMailProgram(tx, { account, nowMs: args.nowMs });
  tx.notify('directory');
  return account;
});

export interface UpdateAccount {
  readonly account: AccountId;
  readonly name?: string;
  readonly language?: string;
  readonly isAdmin?: boolean;
  readonly quotaBytes?: number;
  /** The one of its addresses that it writes from. */
  readonly address?: string;
}

/** Changes what is given, all or nothing. Throws `account-not-found`, `not-permitted` (the last administrator), `bad-request`, `address-invalid`, `address-not-found`. */
export const updateAccount: Mutation<UpdateAccount, void> = defineMutation('directory.updateAccount', function* (tx, args: UpdateAccount) {
  const old = yield* requireAccount(args.account);
  if (old.isAdmin && args.isAdmin === false) yield* refuseLastAdmin(old);
  yield* run(sql`
    UPDATE account SET name = ${cleanName(args.name ?? old.name)}, language = ${cleanLanguage(args.language ?? old.language)},
      is_admin = ${(args.isAdmin ?? old.isAdmin) ? 1 : 0}, quota_bytes = ${checkQuota(args.quotaBytes ?? old.quotaBytes)}
    WHERE account = ${args.account}`);
  if (args.address !== undefined) yield* choosePrimaryAddress(args.account, args.address);
  tx.notify('directory');
});

export interface SetState {
  readonly account: AccountId;
  readonly state: AccountState;
}

/** Disables or enables: at once, in all threads and sessions. Throws `account-not-found`, `not-permitted` (the last administrator). */
export const setState: Mutation<SetState, void> = defineMutation('directory.setState', function* (tx, args: SetState) {
  const old = yield* requireAccount(args.account);
  if (old.state === args.state) return;
  if (old.isAdmin && args.state === 'disabled') yield* refuseLastAdmin(old);
  yield* run(sql`UPDATE account SET state = ${args.state}, credential_version = credential_version + 1 WHERE account = ${args.account}`);
  tx.notify('directory');
});

export interface RemoveAccount {
  readonly account: AccountId;
  readonly reservedMs?: number;
  readonly nowMs: number;
}

/** Takes the account away at once; its messages are destroyed afterwards in slices (tend-directory.ts). Throws `account-not-found`, `not-permitted` (the last administrator). */
export const removeAccount: Mutation<RemoveAccount, void> = defineMutation('directory.removeAccount', function* (tx, args: RemoveAccount) {
  const { account, nowMs } = args;
  const old = yield* requireAccount(account);
  if (old.isAdmin) yield* refuseLastAdmin(old);
  const untilMs = nowMs + (args.reservedMs ?? RESERVED_MS);
  for (const address of yield* listAddresses(account)) yield* reserve(formatAddress(address), account, untilMs);
  yield* reserve(old.login, account, untilMs);
  yield* run(sql`DELETE FROM address WHERE account = ${account}`);
  yield* run(sql`DELETE FROM scram_key WHERE account = ${account}`);
  yield* forgetForwards(account);
  yield* run(sql`UPDATE domain SET catch_all = NULL WHERE catch_all = ${account}`);
  yield* run(sql`DELETE FROM account WHERE account = ${account}`);
  yield* run(sql`INSERT INTO account_removal (account, login, removed_at) VALUES (${account}, ${old.login}, ${nowMs})`);
  yield* deleteAllMailboxes(tx, { account, limit: MAILBOXES, nowMs });
  tx.notify('directory');
});

interface AccountRow {
  readonly account: AccountId;
  readonly login: string;
  readonly name: string;
  readonly language: string;
  readonly is_admin: number;
  readonly state: AccountState;
  readonly quota_bytes: number;
  readonly primary_address: string;
  readonly created_at: number;
}

export function* findAccount(account: AccountId): Program<AccountInfo | undefined> {
  const row = yield* one<AccountRow>(sql`
    SELECT account, login, name, language, is_admin, state, quota_bytes, primary_address, created_at FROM account WHERE account = ${account}`);
  return row === undefined ? undefined : toInfo(row);
}

/** By login, in any case. */
export function* findAccountByLogin(login: string): Program<AccountInfo | undefined> {
  const row = yield* one<AccountRow>(sql`
    SELECT account, login, name, language, is_admin, state, quota_bytes, primary_address, created_at FROM account WHERE login = ${login.toLowerCase()}`);
  return row === undefined ? undefined : toInfo(row);
}

/** Up to `limit` accounts (1,000) by login, after the given one. */
export function* listAccounts(page: { readonly afterLogin?: string; readonly limit?: number } = {}): Program<readonly AccountInfo[]> {
  const found = yield* all<AccountRow>(sql`
    SELECT account, login, name, language, is_admin, state, quota_bytes, primary_address, created_at FROM account
    WHERE login > ${page.afterLogin ?? ''} ORDER BY login LIMIT ${page.limit ?? 1000}`);
  return found.map(toInfo);
}

/** Throws `account-not-found`. */
export function* requireAccount(account: AccountId): Program<AccountInfo> {
  const found = yield* findAccount(account);
  if (found === undefined) throw new DomainError('account-not-found', 'there is no such account');
  return found;
}

/** Without an administrator nobody could mend anything, and postmaster would reach nobody. */
function* refuseLastAdmin(admin: AccountInfo): Program<void> {
  if (admin.state === 'disabled') return;
  const other = yield* one(sql`SELECT 1 FROM account WHERE is_admin = 1 AND state = 'active' AND account <> ${admin.account} LIMIT 1`);
  if (other === undefined) throw new DomainError('not-permitted', `${admin.login} is the last administrator`);
}

function toInfo(row: AccountRow): AccountInfo {
  return {
    account: row.account,
    login: row.login,
    name: row.name,
    language: row.language,
    isAdmin: row.is_admin === 1,
    state: row.state,
    quotaBytes: row.quota_bytes,
    primaryAddress: row.primary_address,
    createdAtMs: row.created_at,
  };
}

function cleanName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  if (clean.length > 200) throw new DomainError('bad-request', 'a name has at most 200 characters');
  return clean;
}

function cleanLanguage(language: string): string {
  if (!/^(?:[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})?$/.test(language)) throw new DomainError('bad-request', `"${language}" is not a language tag`);
  return language.toLowerCase();
}

function checkQuota(quotaBytes: number): number {
  if (!Number.isSafeInteger(quotaBytes) || quotaBytes < 0) throw new DomainError('bad-request', 'a quota is a number of bytes, 0 for none');
  return quotaBytes;
}
