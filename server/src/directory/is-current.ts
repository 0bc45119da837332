import { one, type Program, sql } from '#store/sql.ts';
import type { Identity } from './directory.ts';

/** Whether an identity is still good: account enabled and credentials unchanged since sign-in. */
export function* isCurrent(identity: Identity): Program<boolean> {
  const row = yield* one<{ readonly state: string; readonly credential_version: number }>(sql`
    SELECT state, credential_version FROM account WHERE account = ${identity.account}`);
  return row?.state === 'active' && (identity.credentialVersion === undefined || identity.credentialVersion === row.credential_version);
}
