/** The directory's own work in the background: removed accounts to their last row, reserved names, old entries of sign-in lists. In slices. */
import type { Clock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { deleteAllMailboxes, forgetAccountMail } from '#store/destroy-account-mail.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { type Program, rows, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { pruneKept } from './forward-outcomes.ts';
import { pruneReserved } from './reserved.ts';
import { pruneSignIns } from './sign-in-record.ts';

const SLICE = 500;
/** Mailboxes deleted in one go. */
const MAILBOXES = 200;

export interface FinishRemoval {
  readonly account: AccountId;
  readonly nowMs: number;
}

/** One slice of what is left of a removed account; `later` where housekeeping must first destroy its messages. */
export const finishRemoval: Mutation<FinishRemoval, 'more' | 'later' | 'done'> = defineMutation(
  'directory.finishRemoval',
  function* (tx, { account, nowMs }: FinishRemoval) {
    if (yield* deleteAllMailboxes(tx, { account, limit: MAILBOXES, nowMs })) return 'more';
    const networks = yield* run(sql`
    DELETE FROM known_network WHERE account = ${account} AND network IN
      (SELECT network FROM known_network WHERE account = ${account} ORDER BY network LIMIT ${SLICE})`);
    const signIns = yield* run(sql`
    DELETE FROM sign_in WHERE account = ${account} AND (hour, address, listener, outcome) IN
      (SELECT hour, address, listener, outcome FROM sign_in WHERE account = ${account} ORDER BY hour LIMIT ${SLICE})`);
    if (networks === SLICE || signIns === SLICE) return 'more';
    const mail = yield* forgetAccountMail(account, SLICE);
    if (mail !== 'done') return mail;
    yield* run(sql`DELETE FROM account_removal WHERE account = ${account}`);
    return 'done';
  },
);

export interface PruneDirectory {
  readonly nowMs: number;
}

/** One slice; returns how many rows went. */
export const pruneDirectory: Mutation<PruneDirectory, number> = defineMutation('directory.prune', function* (_tx, { nowMs }: PruneDirectory) {
  return (yield* pruneSignIns(nowMs)) + (yield* pruneReserved(nowMs)) + (yield* pruneKept(nowMs));
});

/** One round of everything that is due; every hour is enough, after the store's own housekeeping. */
export async function tendDirectory(store: Store, clock: Clock): Promise<void> {
  for (const [account] of await store.query(removedAccounts())) {
    let state: 'more' | 'later' | 'done' = 'more';
    while (state === 'more') state = await store.commit(finishRemoval, { account, nowMs: clock.nowMs() });
  }
  let pruned = 1;
  while (pruned > 0) pruned = await store.commit(pruneDirectory, { nowMs: clock.nowMs() });
}

function* removedAccounts(): Program<readonly (readonly [account: AccountId])[]> {
  return yield* rows<readonly [account: AccountId]>(sql`SELECT account FROM account_removal ORDER BY account LIMIT ${SLICE}`);
}
