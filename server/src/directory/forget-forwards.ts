/** With an account, or an address, go its forwards. */
import type { AccountId } from '#core/ids.ts';
import { type Program, run, sql } from '#store/sql.ts';

/** Part of `removeAccount` (no source: all) and `removeAlias`. */
export function* forgetForwards(account: AccountId, source?: string): Program<void> {
  if (source === undefined) {
    yield* run(sql`DELETE FROM forward WHERE account = ${account}`);
    yield* run(sql`DELETE FROM forward_kept WHERE account = ${account}`);
  } else {
    yield* run(sql`DELETE FROM forward WHERE account = ${account} AND source = ${source}`);
    yield* run(sql`DELETE FROM forward_kept WHERE account = ${account} AND source = ${source}`);
  }
}
