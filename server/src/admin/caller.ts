/** Who asks for an operation, and what that allows. */
import { DomainError } from '#core/errors.ts';
import { type AccountInfo, findAccount } from '#directory/accounts.ts';
import type { Identity } from '#directory/directory.ts';
import { isCurrent } from '#directory/is-current.ts';
import type { Program } from '#store/sql.ts';

/** Whoever may open the data directory, or an account that has signed in. */
export type Caller = { readonly kind: 'administrator' } | { readonly kind: 'account'; readonly identity: Identity };

export const ADMINISTRATOR: Caller = { kind: 'administrator' };

/** Throws `not-permitted`, `sign-in-refused`. An account has the rights of an administrator for as long as it is one. */
export function* requireAdministrator(caller: Caller): Program<void> {
  if (caller.kind === 'administrator') return;
  if (!(yield* accountOf(caller.identity)).isAdmin) throw new DomainError('not-permitted', 'only an administrator may do this');
}

/** The account that asks, and the version of its credentials that it has signed in with. */
export type OwnAccount = AccountInfo & { readonly credentialVersion: number | undefined };

/** The account that asks. Throws `not-permitted` where nobody has signed in, `sign-in-refused` where the sign-in holds no more. */
export function* requireAccountOf(caller: Caller): Program<OwnAccount> {
  if (caller.kind === 'administrator') throw new DomainError('not-permitted', 'this is for the owner of an account: sign in first');
  return { ...(yield* accountOf(caller.identity)), credentialVersion: caller.identity.credentialVersion };
}

/** As it is now: whoever was disabled, or has another password since, has to sign in again. */
function* accountOf(identity: Identity): Program<AccountInfo> {
  const found = (yield* isCurrent(identity)) ? yield* findAccount(identity.account) : undefined;
  if (found === undefined) throw new DomainError('sign-in-refused', 'the account was disabled or its password changed; sign in again');
  return found;
}
