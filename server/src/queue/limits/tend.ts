/** Takes away counts that are too old, and what is left of accounts that are gone, in slices. Once a day is enough. */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, rows, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { HOURS_KEPT, hourOf } from './settings.ts';

export interface TendSlice {
  /** Accounts up to this one are done. */
  readonly after: AccountId | 0;
  readonly nowMs: number;
}

/** Accounts of one slice: each has at most 337 hours. */
const ACCOUNTS = 50;
/** Rows of what an account is known to write to, or may not write to, that go in one slice. */
const KNOWN = 500;

/** One slice; where to go on, undefined at the end. */
export const tendSlice: Mutation<TendSlice, AccountId | undefined> = defineMutation('limits.tend', function* (_tx, { after, nowMs }: TendSlice) {
  let last: AccountId | 0 = after;
  for (let count = 0; count < ACCOUNTS; count++) {
    const next = yield* rows<readonly [account: AccountId | null]>(sql`
      SELECT min(account) FROM (SELECT min(account) AS account FROM sending_hour WHERE account > ${last}
        UNION ALL SELECT min(account) FROM sending_known WHERE account > ${last} UNION ALL SELECT min(account) FROM sending_account WHERE account > ${last}
        UNION ALL SELECT min(account) FROM queue_account_hold WHERE account > ${last} UNION ALL SELECT min(account) FROM queue_suppression WHERE account > ${last})`);
    const account = next[0]?.[0] ?? undefined;
    if (account === undefined) return undefined;
    yield* run(sql`DELETE FROM sending_hour WHERE account = ${account} AND hour < ${hourOf(nowMs) - HOURS_KEPT}`);
    if ((yield* one(sql`SELECT 1 FROM account WHERE account = ${account}`)) === undefined) {
      const known = yield* run(sql`
        DELETE FROM sending_known WHERE account = ${account} AND place IN (SELECT place FROM sending_known WHERE account = ${account} ORDER BY place LIMIT ${KNOWN})`);
      const suppressed = yield* run(sql`
        DELETE FROM queue_suppression WHERE account = ${account}
          AND address IN (SELECT address FROM queue_suppression WHERE account = ${account} ORDER BY address LIMIT ${KNOWN})`);
      // The rest of it in the next slice.
      if (known === KNOWN || suppressed === KNOWN) return (account - 1) as AccountId;
      yield* run(sql`DELETE FROM sending_hour WHERE account = ${account}`);
      yield* run(sql`DELETE FROM sending_account WHERE account = ${account}`);
      yield* run(sql`DELETE FROM sending_suspect WHERE account = ${account}`);
      yield* run(sql`DELETE FROM queue_account_hold WHERE account = ${account}`);
    }
    last = account;
  }
  return last === 0 ? undefined : last;
});

/** One round. */
export async function tendLimits(store: Store, clock: Clock): Promise<void> {
  for (let after: AccountId | 0 | undefined = 0; after !== undefined; ) {
    const next: AccountId | undefined = await store.commit(tendSlice, { after, nowMs: clock.nowMs() });
    after = next;
  }
}
