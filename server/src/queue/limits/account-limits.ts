/** What is special about one account: limits of its own, and what was found when its sending was put on hold. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { requireAccount } from '#directory/accounts.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import type { Finding } from './score.ts';

export interface AccountSending {
  /** Undefined: as configured. 0: no limit. */
  readonly recipientsPerHour: number | undefined;
  readonly recipientsPerDay: number | undefined;
  /** What led to the last hold. */
  readonly findings: readonly Finding[];
  /** No other hold before. */
  readonly trustedUntilMs: number;
}

const NOTHING: AccountSending = { recipientsPerHour: undefined, recipientsPerDay: undefined, findings: [], trustedUntilMs: 0 };

interface SendingRow {
  readonly per_hour: number | null;
  readonly per_day: number | null;
  readonly findings: string;
  readonly trusted_until: number;
}

export function* readAccountSending(account: AccountId): Program<AccountSending> {
  const row = yield* one<SendingRow>(sql`SELECT per_hour, per_day, findings, trusted_until FROM sending_account WHERE account = ${account}`);
  if (row === undefined) return NOTHING;
  return {
    recipientsPerHour: row.per_hour ?? undefined,
    recipientsPerDay: row.per_day ?? undefined,
    findings: row.findings === '[]' ? [] : (JSON.parse(row.findings) as readonly Finding[]),
    trustedUntilMs: row.trusted_until,
  };
}

export interface SetLimits {
  readonly account: AccountId;
  /** Null: as configured again. */
  readonly recipientsPerHour?: number | null;
  readonly recipientsPerDay?: number | null;
}

/** The largest limit that can be set. */
export const MOST_RECIPIENTS = 1_000_000;

/** Gives an account limits of its own; what is left out stays. Throws `account-not-found`, `bad-request`. */
export const setLimits: Mutation<SetLimits, void> = defineMutation('limits.set', function* (tx, args: SetLimits) {
  const { account, recipientsPerHour: perHour, recipientsPerDay: perDay } = args;
  yield* requireAccount(account);
  for (const limit of [perHour, perDay]) {
    if (limit !== undefined && limit !== null && !(Number.isInteger(limit) && limit >= 0 && limit <= MOST_RECIPIENTS))
      throw new DomainError('bad-request', `a limit is a number of recipients up to ${MOST_RECIPIENTS}, 0 for none`);
  }
  yield* run(sql`INSERT INTO sending_account (account) VALUES (${account}) ON CONFLICT (account) DO NOTHING`);
  if (perHour !== undefined) yield* run(sql`UPDATE sending_account SET per_hour = ${perHour} WHERE account = ${account}`);
  if (perDay !== undefined) yield* run(sql`UPDATE sending_account SET per_day = ${perDay} WHERE account = ${account}`);
  tx.notify('sending');
});
