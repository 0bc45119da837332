/** Addresses of accounts: the first one and aliases are alike; any number up to a bound, in any of our domains. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { forgetForwards } from './forget-forwards.ts';
import { type Address, formatAddress, normalizeAddress } from './names.ts';
import { RESERVED_MS, refuseReserved, reserve } from './reserved.ts';

/** Addresses that one account can have. */
export const ADDRESS_LIMIT = 500;

export interface AddAlias {
  readonly account: AccountId;
  readonly address: string;
  /** Take a reserved name all the same: the administrator knows who had it. */
  readonly allowReserved?: boolean;
  readonly nowMs: number;
}

/** Throws `address-invalid`, `domain-not-found`, `address-exists`, `name-reserved`, `account-not-found`, `object-limit`. Returns the address in normal form. */
export const addAlias: Mutation<AddAlias, string> = defineMutation('directory.addAlias', function* (tx, args: AddAlias) {
  if ((yield* one(sql`SELECT 1 FROM account WHERE account = ${args.account}`)) === undefined)
    throw new DomainError('account-not-found', 'there is no such account');
  const address = normalizeAddress(args.address);
  yield* insertAddress(tx, { ...args, address });
  yield* run(sql`UPDATE account SET primary_address = ${formatAddress(address)} WHERE account = ${args.account} AND primary_address = ''`);
  return formatAddress(address);
});

export interface RemoveAlias {
  readonly address: string;
  readonly reservedMs?: number;
  readonly nowMs: number;
}

/** Throws `address-invalid`, `address-not-found`. The address stays reserved; where it was the account's first, another takes its place. */
export const removeAlias: Mutation<RemoveAlias, void> = defineMutation('directory.removeAlias', function* (tx, args: RemoveAlias) {
  const address = normalizeAddress(args.address);
  const owner = yield* findOwner(address);
  if (owner === undefined) throw new DomainError('address-not-found', `nobody has the address ${formatAddress(address)}`);
  yield* run(sql`DELETE FROM address WHERE domain = ${address.domain} AND local_part = ${address.localPart}`);
  yield* forgetForwards(owner, formatAddress(address));
  yield* reserve(formatAddress(address), owner, args.nowMs + (args.reservedMs ?? RESERVED_MS));
  const left = (yield* listAddresses(owner))[0];
  yield* run(
    sql`UPDATE account SET primary_address = ${left === undefined ? '' : formatAddress(left)} WHERE account = ${owner} AND primary_address = ${formatAddress(address)}`,
  );
  tx.notify('directory');
});

/** Which of its addresses an account writes from: part of `updateAccount`. Throws `address-invalid`, `address-not-found` (not one of its own). */
export function* choosePrimaryAddress(account: AccountId, text: string): Program<void> {
  const address = normalizeAddress(text);
  if ((yield* findOwner(address)) !== account) throw new DomainError('address-not-found', `${formatAddress(address)} is not an address of this account`);
  yield* run(sql`UPDATE account SET primary_address = ${formatAddress(address)} WHERE account = ${account}`);
}

/** The account that has exactly this address. */
export function* findOwner(address: Address): Program<AccountId | undefined> {
  const row = yield* one<{ readonly account: AccountId }>(
    sql`SELECT account FROM address WHERE domain = ${address.domain} AND local_part = ${address.localPart}`,
  );
  return row?.account;
}

/** All addresses of an account, the oldest first. */
export function* listAddresses(account: AccountId): Program<readonly Address[]> {
  return yield* all<Address>(sql`
    SELECT local_part AS localPart, domain FROM address WHERE account = ${account} ORDER BY created_at, domain, local_part LIMIT ${ADDRESS_LIMIT}`);
}

export interface AliasInfo extends Address {
  readonly account: AccountId;
  readonly login: string;
}

/** Up to `limit` addresses (1,000) of all accounts by domain and local part, after the given one. */
export function* listAliases(page: { readonly after?: Address; readonly limit?: number } = {}): Program<readonly AliasInfo[]> {
  const after = page.after ?? { domain: '', localPart: '' };
  return yield* all<AliasInfo>(sql`
    SELECT address.local_part AS localPart, address.domain, address.account, account.login FROM address JOIN account USING (account)
    WHERE (address.domain, address.local_part) > (${after.domain}, ${after.localPart}) ORDER BY address.domain, address.local_part LIMIT ${page.limit ?? 1000}`);
}

/** Adds an address in normal form; part of `addAlias` and `addAccount`. */
export function* insertAddress(
  tx: Tx,
  args: { readonly account: AccountId; readonly address: Address; readonly allowReserved?: boolean; readonly nowMs: number },
): Program<void> {
  const { account, address, nowMs } = args;
  const text = formatAddress(address);
  if ((yield* one(sql`SELECT 1 FROM domain WHERE domain = ${address.domain}`)) === undefined) {
    throw new DomainError('domain-not-found', `${address.domain} is not one of our domains`);
  }
  if (args.allowReserved !== true) yield* refuseReserved(text, account, nowMs);
  const count = yield* one<{ readonly n: number }>(sql`SELECT count(*) AS n FROM address WHERE account = ${account}`);
  if ((count?.n ?? 0) >= ADDRESS_LIMIT) throw new DomainError('object-limit', `an account can have at most ${ADDRESS_LIMIT} addresses`);
  const added = yield* run(sql`
    INSERT INTO address (domain, local_part, account, created_at) VALUES (${address.domain}, ${address.localPart}, ${account}, ${nowMs}) ON CONFLICT DO NOTHING`);
  if (added === 0) throw new DomainError('address-exists', `somebody has the address ${text} already`);
  yield* run(sql`DELETE FROM reserved_name WHERE name = ${text}`);
  tx.notify('directory');
}
