/** Accounts that are to be looked at (watch.ts), kept in a table so that a restart forgets none. */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { type Program, rows, run, sql } from '#store/sql.ts';

/** An account, and how often it was noted. */
export type Suspect = readonly [account: AccountId, notes: number];

/** Part of a mutation that counts. */
export function* noteSuspect(tx: Tx, account: AccountId): Program<void> {
  yield* run(sql`INSERT INTO sending_suspect (account, notes) VALUES (${account}, 1) ON CONFLICT (account) DO UPDATE SET notes = notes + 1`);
  tx.notify('suspects');
}

export function* readSuspects(limit: number): Program<readonly Suspect[]> {
  return yield* rows<Suspect>(sql`SELECT account, notes FROM sending_suspect ORDER BY account LIMIT ${limit}`);
}

export interface ClearSuspects {
  /** At most 100. */
  readonly suspects: readonly Suspect[];
}

/** Forgets those that were looked at and not noted again since. */
export const clearSuspects: Mutation<ClearSuspects, void> = defineMutation('limits.clearSuspects', function* (_tx, { suspects }: ClearSuspects) {
  for (const [account, notes] of suspects) yield* run(sql`DELETE FROM sending_suspect WHERE account = ${account} AND notes = ${notes}`);
});
