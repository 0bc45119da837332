/** The policies of other domains as they lie in the store. RFC 8461 §3.3 (cache), §10.2 (refresh) */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import type { StsMode } from './sts-policy.ts';

export interface KeptPolicy {
  readonly domain: string;
  readonly id: string;
  readonly mode: StsMode;
  readonly mx: readonly string[];
  readonly lines: readonly string[];
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
  readonly refreshAtMs: number;
  /** The last time that mail went there, to the day. */
  readonly usedAtMs: number;
}

interface PolicyRow {
  readonly domain: string;
  readonly id: string;
  readonly mode: StsMode;
  readonly mx: string;
  readonly lines: string;
  readonly fetched_at: number;
  readonly expires_at: number;
  readonly refresh_at: number;
  readonly used_at: number;
}

export const keepPolicy: Mutation<KeptPolicy, void> = defineMutation('transport-security.keep-policy', function* (_tx, policy: KeptPolicy) {
  yield* run(
    sql`INSERT INTO sts_policy (domain, id, mode, mx, lines, fetched_at, expires_at, refresh_at, used_at)
        VALUES (${policy.domain}, ${policy.id}, ${policy.mode}, ${JSON.stringify(policy.mx)}, ${JSON.stringify(policy.lines)},
          ${policy.fetchedAtMs}, ${policy.expiresAtMs}, ${policy.refreshAtMs}, ${policy.usedAtMs})
        ON CONFLICT (domain) DO UPDATE SET id = excluded.id, mode = excluded.mode, mx = excluded.mx, lines = excluded.lines,
          fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, refresh_at = excluded.refresh_at, used_at = excluded.used_at`,
  );
});

/** Forgets what is too old to be used. */
export const forgetExpiredPolicies: Mutation<{ readonly nowMs: number; readonly limit: number }, number> = defineMutation(
  'transport-security.forget-expired',
  function* (_tx, { nowMs, limit }) {
    return yield* run(
      sql`DELETE FROM sts_policy WHERE domain IN
            (SELECT domain FROM sts_policy WHERE refresh_at <= ${nowMs} AND expires_at <= ${nowMs} ORDER BY refresh_at LIMIT ${limit})`,
    );
  },
);

export function* readPolicy(domain: string): Program<KeptPolicy | undefined> {
  const row = yield* one<PolicyRow>(sql`SELECT * FROM sts_policy WHERE domain = ${domain}`);
  return row && toPolicy(row);
}

/** Policies that should be looked after, the longest waiting first. */
export function* readPoliciesToRefresh(nowMs: number, limit: number): Program<readonly KeptPolicy[]> {
  const found = yield* all<PolicyRow>(sql`SELECT * FROM sts_policy WHERE refresh_at <= ${nowMs} AND expires_at > ${nowMs} ORDER BY refresh_at LIMIT ${limit}`);
  return found.map(toPolicy);
}

function toPolicy(row: PolicyRow): KeptPolicy {
  return {
    domain: row.domain,
    id: row.id,
    mode: row.mode,
    mx: JSON.parse(row.mx) as readonly string[],
    lines: JSON.parse(row.lines) as readonly string[],
    fetchedAtMs: row.fetched_at,
    expiresAtMs: row.expires_at,
    refreshAtMs: row.refresh_at,
    usedAtMs: row.used_at,
  };
}
