/**
 * Addresses elsewhere that are not written to: those that refused mail for good several times, whose owners complained, or that the administrator named. Per
 * account or for the whole server. Who writes to such an address is told so (a refusal in the conversation, else a notice), and how to get it off the list.
 */
import { domainToASCII } from 'node:url';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import { addressText, splitAddress } from './path-text.ts';

export type SuppressionReason = 'bounces' | 'complaint' | 'administrator';

export interface Suppression {
  /** Whose mail; undefined: everybody's. */
  readonly account: AccountId | undefined;
  /** Lower case. */
  readonly address: string;
  readonly reason: SuppressionReason;
  /** The last reply, who complained, a note of the administrator. */
  readonly detail: string;
  readonly createdAtMs: number;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
}

interface SuppressionRow {
  readonly account: number;
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly detail: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

const DETAIL_LIMIT = 500;
const EVERYBODY = 0;

/** The form in which addresses are compared: local parts differ in case nowhere that matters. */
export function suppressionKey(localPart: string, domain: string): string {
  return addressText(localPart, domain).toLowerCase();
}

/** An address as somebody wrote it, in that form; undefined: it is none. */
export function parseSuppressionAddress(text: string): string | undefined {
  const { localPart, domain } = splitAddress(text.trim());
  const ascii = domain.startsWith('[') ? domain : domainToASCII(domain);
  return localPart === '' || ascii === '' || text.length > 512 ? undefined : suppressionKey(localPart, ascii);
}

/** What whoever writes there is told. */
export function suppressionText({ reason, detail, createdAtMs, address }: Suppression): string {
  const since = new Date(createdAtMs).toISOString().slice(0, 10);
  const why = { bounces: 'it refused mail for good several times', complaint: 'its owner complained', administrator: 'the administrator put it there' }[reason];
  return `${address} is on the suppression list since ${since}, because ${why}${detail === '' ? '' : ` (${detail})`}`;
}

/** Puts an address on the list, as part of a mutation; what is there already lasts as long as the longer of both. */
export function* suppress(tx: Tx, { account, address, reason, detail, createdAtMs, expiresAtMs }: Suppression): Program<void> {
  yield* run(
    sql`INSERT INTO queue_suppression (account, address, reason, detail, created_at, expires_at)
        VALUES (${account ?? EVERYBODY}, ${address}, ${reason}, ${detail.slice(0, DETAIL_LIMIT)}, ${createdAtMs}, ${expiresAtMs ?? null})
        ON CONFLICT (account, address) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, created_at = excluded.created_at,
          expires_at = CASE WHEN expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL ELSE max(expires_at, excluded.expires_at) END`,
  );
  tx.notify('suppressions');
}

export const addSuppression: Mutation<Suppression, void> = defineMutation('queue.addSuppression', function* (tx, args: Suppression) {
  yield* suppress(tx, args);
});

export interface RemoveSuppressionArgs {
  readonly account: AccountId | undefined;
  readonly address: string;
}

/** Takes an address off, with its count of bounces; false: it was not there. */
export const removeSuppression: Mutation<RemoveSuppressionArgs, boolean> = defineMutation(
  'queue.removeSuppression',
  function* (_tx, { account, address }: RemoveSuppressionArgs) {
    yield* run(sql`DELETE FROM queue_bounce WHERE account = ${account ?? EVERYBODY} AND address = ${address}`);
    return (yield* run(sql`DELETE FROM queue_suppression WHERE account = ${account ?? EVERYBODY} AND address = ${address}`)) > 0;
  },
);

/** Why mail of this account does not go to this address; undefined: it does. */
export function* readSuppression(account: AccountId | undefined, address: string, nowMs: number): Program<Suppression | undefined> {
  const row = yield* one<SuppressionRow>(
    sql`SELECT * FROM queue_suppression WHERE account IN (${EVERYBODY}, ${account ?? EVERYBODY}) AND address = ${address} AND (expires_at IS NULL OR expires_at > ${nowMs})
        ORDER BY account LIMIT 1`,
  );
  return row && toSuppression(row);
}

/** Those of several recipients that are on the list, by index. Costs nearly nothing while the list is empty. */
export function* readSuppressions(
  recipients: ReadonlyArray<{ readonly account: AccountId | undefined; readonly localPart: string; readonly domain: string }>,
  nowMs: number,
): Program<ReadonlyMap<number, Suppression>> {
  const found = new Map<number, Suppression>();
  if ((yield* one(sql`SELECT 1 FROM queue_suppression LIMIT 1`)) === undefined) return found;
  for (const [index, { account, localPart, domain }] of recipients.entries()) {
    const suppression = yield* readSuppression(account, suppressionKey(localPart, domain), nowMs);
    if (suppression) found.set(index, suppression);
  }
  return found;
}

export interface SuppressionPage {
  readonly suppressions: readonly Suppression[];
  /** Where the next page begins; undefined at the end. */
  readonly next: SuppressionPlace | undefined;
}

export interface SuppressionPlace {
  readonly account: number;
  readonly address: string;
}

/** The list in the order of accounts (the whole server's first) and addresses, a page behind `after`. */
export function* listSuppressions(after: SuppressionPlace | undefined, limit: number): Program<SuppressionPage> {
  const found = yield* all<SuppressionRow>(
    sql`SELECT * FROM queue_suppression WHERE (account, address) > (${after?.account ?? -1}, ${after?.address ?? ''}) ORDER BY account, address LIMIT ${limit}`,
  );
  const last = found.at(-1);
  return { suppressions: found.map(toSuppression), next: last && found.length === limit ? { account: last.account, address: last.address } : undefined };
}

export interface CountBounceArgs {
  readonly account: AccountId;
  readonly address: string;
  readonly detail: string;
  readonly nowMs: number;
  readonly rule: SuppressionRule;
}

/** When bounces put an address on the list. */
export interface SuppressionRule {
  /** Refusals for good of the address itself; 0: never. */
  readonly afterBounces: number;
  readonly forMs: number;
}

/** Bounces further apart than this have nothing to do with each other. */
const MEMORY_MS = 90 * 24 * 3600_000;

/** Counts a refusal for good, as part of the mutation that settles it; true when it put the address on the list. */
export function* countBounce(tx: Tx, { account, address, detail, nowMs, rule }: CountBounceArgs): Program<boolean> {
  if (rule.afterBounces === 0) return false;
  const row = yield* one<{ bounces: number }>(
    sql`INSERT INTO queue_bounce (account, address, bounces, last_at) VALUES (${account}, ${address}, 1, ${nowMs})
        ON CONFLICT (account, address) DO UPDATE SET bounces = CASE WHEN last_at < ${nowMs - MEMORY_MS} THEN 1 ELSE bounces + 1 END, last_at = ${nowMs}
        RETURNING bounces`,
  );
  if ((row?.bounces ?? 0) < rule.afterBounces) return false;
  yield* run(sql`DELETE FROM queue_bounce WHERE account = ${account} AND address = ${address}`);
  yield* suppress(tx, { account, address, reason: 'bounces', detail, createdAtMs: nowMs, expiresAtMs: nowMs + rule.forMs });
  return true;
}

/** The address took mail: earlier refusals are forgotten. Only for addresses that are counted, which few are. */
export function* forgetBounces(account: AccountId, address: string): Program<void> {
  yield* run(sql`DELETE FROM queue_bounce WHERE account = ${account} AND address = ${address}`);
}

const SLICE = 500;

/** Removes what has expired, a slice at a time; the number of rows, less than a slice at the end. */
export const pruneSuppressions: Mutation<{ readonly nowMs: number }, number> = defineMutation(
  'queue.pruneSuppressions',
  function* (_tx, { nowMs }: { readonly nowMs: number }) {
    const ended = yield* run(
      sql`DELETE FROM queue_suppression WHERE (account, address) IN
            (SELECT account, address FROM queue_suppression WHERE expires_at IS NOT NULL AND expires_at <= ${nowMs} LIMIT ${SLICE})`,
    );
    const forgotten = yield* run(
      sql`DELETE FROM queue_bounce WHERE (account, address) IN (SELECT account, address FROM queue_bounce WHERE last_at < ${nowMs - MEMORY_MS} LIMIT ${SLICE})`,
    );
    return Math.max(ended, forgotten);
  },
);

/** Removes all that has expired. */
export async function tendSuppressions(store: Store, nowMs: number): Promise<void> {
  while ((await store.commit(pruneSuppressions, { nowMs })) === SLICE);
}

function toSuppression(row: SuppressionRow): Suppression {
  return {
    account: row.account === EVERYBODY ? undefined : (row.account as AccountId),
    address: row.address,
    reason: row.reason,
    detail: row.detail,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at ?? undefined,
  };
}
