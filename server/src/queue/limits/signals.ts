/** Reads what score.ts works with: a bounded number of rows of one account. */
import type { AccountId } from '#core/ids.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Signals } from './score.ts';
import { HOUR_MS, HOURS_KEPT, hourOf } from './settings.ts';

const DAY_MS = 24 * HOUR_MS;

interface RecentRow {
  readonly recipients: number;
  readonly newRecipients: number;
  readonly delivered: number;
  readonly refused: number;
}

export function* readSignals(account: AccountId, nowMs: number): Program<Signals> {
  const hour = hourOf(nowMs);
  const recent = yield* one<RecentRow>(sql`
    SELECT coalesce(sum(recipients), 0) AS recipients, coalesce(sum(new_recipients), 0) AS newRecipients, coalesce(sum(delivered), 0) AS delivered,
      coalesce(sum(refused), 0) AS refused
    FROM sending_hour WHERE account = ${account} AND hour >= ${hour - 1} AND hour <= ${hour}`);
  const before = yield* one<{ readonly most: number | null }>(sql`
    SELECT max(recipients) AS most FROM sending_hour WHERE account = ${account} AND hour >= ${hour - HOURS_KEPT} AND hour < ${hour - 1}`);
  const complained = yield* one<{ readonly complaints: number | null }>(sql`
    SELECT sum(complaints) AS complaints FROM sending_hour WHERE account = ${account} AND hour > ${hour - 24} AND hour <= ${hour}`);
  const networks = yield* one<{ readonly fresh: number; readonly old: number }>(sql`
    SELECT count(*) FILTER (WHERE first_at >= ${nowMs - DAY_MS}) AS fresh, count(*) FILTER (WHERE first_at < ${nowMs - DAY_MS}) AS old
    FROM known_network WHERE account = ${account}`);
  return {
    // The first day of an account knows no other network.
    newNetworks: networks !== undefined && networks.old > 0 ? networks.fresh : 0,
    recipients: recent?.recipients ?? 0,
    newRecipients: recent?.newRecipients ?? 0,
    usualRecipients: before?.most ?? 0,
    delivered: recent?.delivered ?? 0,
    refused: recent?.refused ?? 0,
    complaints: complained?.complaints ?? 0,
  };
}
