/** What an account signs in with: mutations. Each change raises the account's credential version, which ends cached sign-ins in all threads at once. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import type { StoredScramKeys } from './scram-keys.ts';

export interface SetPassword {
  readonly account: AccountId;
  /** From `hashPassword`. */
  readonly passwordHash: string;
  /** Only for a password that the server made; keys of an earlier one are dropped in any case. */
  readonly scramKeys?: StoredScramKeys;
  /** Only while the account has this version: who asks has signed in with it, and hashing takes its time. */
  readonly credentialVersion?: number;
}

/** Throws `account-not-found`, `sign-in-refused` where the account has another version of its credentials. */
export const setPassword: Mutation<SetPassword, void> = defineMutation('directory.setPassword', function* (tx, args: SetPassword) {
  const { account, credentialVersion } = args;
  const present = yield* one<{ readonly version: number }>(sql`SELECT credential_version AS version FROM account WHERE account = ${account}`);
  if (present !== undefined && credentialVersion !== undefined && present.version !== credentialVersion)
    throw new DomainError('sign-in-refused', 'the password was changed meanwhile; sign in again');
  const changed = yield* run(
    sql`UPDATE account SET password = ${args.passwordHash}, has_scram = 0, credential_version = credential_version + 1 WHERE account = ${account}`,
  );
  if (changed === 0) throw new DomainError('account-not-found', 'there is no such account');
  yield* run(sql`DELETE FROM scram_key WHERE account = ${account}`);
  if (args.scramKeys) yield* storeScramKeys(account, args.scramKeys);
  tx.notify('directory');
});

/** Part of `setPassword` and `addAccount`. */
export function* storeScramKeys(account: AccountId, keys: StoredScramKeys): Program<void> {
  yield* run(sql`
    INSERT INTO scram_key (account, salt, iterations, stored_key, server_key)
    VALUES (${account}, ${keys.salt}, ${keys.iterations}, ${keys.storedKey}, ${keys.serverKey})
    ON CONFLICT (account) DO UPDATE SET salt = excluded.salt, iterations = excluded.iterations, stored_key = excluded.stored_key, server_key = excluded.server_key`);
  yield* run(sql`UPDATE account SET has_scram = 1 WHERE account = ${account}`);
}

/**
 * Whether every account that can sign in has SCRAM keys. Only then is SCRAM shown in lists of mechanisms: a mail program takes the strongest one that it sees
 * and does not try another, so one that fails with a right password must not be seen.
 */
export function* hasScramEverywhere(): Program<boolean> {
  const row = yield* one<{ readonly yes: number }>(sql`
    SELECT EXISTS (SELECT 1 FROM scram_key) AND NOT EXISTS (SELECT 1 FROM account WHERE has_scram = 0 AND state = 'active') AS yes`);
  return row?.yes === 1;
}
