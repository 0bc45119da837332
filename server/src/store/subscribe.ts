/** SUBSCRIBE and UNSUBSCRIBE: names, which may outlive their mailboxes. RFC 9051 §6.3.7, §6.3.8 */
import { DomainError } from '#core/errors.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { defineMutation, type Mutation } from './mutation.ts';
import { one, run, sql } from './sql.ts';

/** Names an account may be subscribed to. */
const SUBSCRIPTION_LIMIT = 20_000;

export interface SubscribeArgs {
  readonly account: AccountId;
  /** As `mailboxName` gives it. */
  readonly name: string;
  readonly isSubscribed: boolean;
  readonly nowMs: number;
}

/** Throws `object-limit`. Whether the mailbox exists is not asked. */
export const subscribe: Mutation<SubscribeArgs, void> = defineMutation(
  'store.subscribe',
  function* (tx, { account, name, isSubscribed, nowMs }: SubscribeArgs) {
    const changed = isSubscribed
      ? yield* run(sql`INSERT INTO subscription (account, name) VALUES (${account}, ${name}) ON CONFLICT DO NOTHING`)
      : yield* run(sql`DELETE FROM subscription WHERE account = ${account} AND name = ${name}`);
    if (changed === 0) return;
    const count = yield* one<{ names: number }>(sql`SELECT count(*) AS names FROM subscription WHERE account = ${account}`);
    if (isSubscribed && count && count.names > SUBSCRIPTION_LIMIT)
      throw new DomainError('object-limit', `an account can have ${SUBSCRIPTION_LIMIT} subscriptions`);
    const row = yield* one<{ mailbox: MailboxId }>(sql`SELECT mailbox FROM mailbox WHERE account = ${account} AND name = ${name}`);
    if (!row) return;
    const { modseq } = yield* advanceAccount(account);
    yield* logChange({ account, modseq, mailbox: row.mailbox, kind: 'mailbox-changed', nowMs });
    tx.hint(account, modseq);
  },
);
