/** Names that were given up: nobody else may take them before their time is over, so that mail for one person never reaches another. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { one, type Program, run, sql } from '#store/sql.ts';

/** How long a removed login or address stays reserved, where the caller says nothing else. */
export const RESERVED_MS: number = 180 * 24 * 3600 * 1000;

/** Throws `name-reserved` where somebody else gave the name up a short while ago. */
export function* refuseReserved(name: string, account: AccountId | undefined, nowMs: number): Program<void> {
  const row = yield* one<{ readonly account: number; readonly until: number }>(sql`SELECT account, until FROM reserved_name WHERE name = ${name}`);
  if (row !== undefined && row.until > nowMs && row.account !== account) {
    throw new DomainError('name-reserved', `${name} was given up recently and stays reserved until ${new Date(row.until).toISOString().slice(0, 10)}`);
  }
}

export function* reserve(name: string, account: AccountId, untilMs: number): Program<void> {
  yield* run(
    sql`INSERT INTO reserved_name (name, account, until) VALUES (${name}, ${account}, ${untilMs}) ON CONFLICT (name) DO UPDATE SET account = excluded.account, until = excluded.until`,
  );
}

/** Whether a name is reserved now: mail for it does not fall to a catch-all either. */
export function* isReserved(name: string, nowMs: number): Program<boolean> {
  return (yield* one(sql`SELECT 1 FROM reserved_name WHERE name = ${name} AND until > ${nowMs}`)) !== undefined;
}

/** Gives names free whose time is over. */
export function* pruneReserved(nowMs: number): Program<number> {
  return yield* run(sql`DELETE FROM reserved_name WHERE name IN (SELECT name FROM reserved_name WHERE until <= ${nowMs} LIMIT 500)`);
}
