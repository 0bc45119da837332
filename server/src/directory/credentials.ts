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
}

/** Throws `account-not-found`. */
export const setPassword: Mutation<SetPassword, void> = defineMutation('directory.setPassword', function* (tx, args: SetPassword) {
  const changed = yield* run(
    sql`UPDATE account SET password = ${args.passwordHash}, has_scram = 0, credential_version = credential_version + 1 WHERE account = ${args.account}`,
  );
  if (changed === 0) throw new DomainError('account-not-found', 'there is no such account');
  yield* run(sql`DELETE FROM scram_key WHERE account = ${args.account}`);
  if (args.scramKeys) yield* storeScramKeys(args.account, args.scramKeys);
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
