/**
 * The account's own list of sign-ins, and the networks it is at home in. What happens within a second is written together and equal entries are counted, so
 * that a sign-in costs no commit of its own.
 */
import type { AccountId } from '#core/ids.ts';
import type { Log } from '#log/log.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import type { SignInRefused } from './directory.ts';

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
/** For how long a network stays familiar. */
export const FAMILIAR_MS: number = 30 * DAY_MS;
/** For how long the list is kept. */
const LIST_MS = 90 * DAY_MS;
const FLUSH_AFTER_MS = 1000;
const FLUSH_AT = 500;
/** Rows of one account and hour: beyond, attackers from everywhere are summed up under the address `*`. */
const ROWS_PER_HOUR = 60;

export type SignInOutcome = 'accepted' | SignInRefused['cause_'];

export interface SignInEntry {
  readonly account: AccountId;
  readonly address: string;
  readonly network: string;
  readonly listener: string;
  readonly outcome: SignInOutcome;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export const recordSignIns: Mutation<{ readonly entries: readonly SignInEntry[] }, void> = defineMutation(
  'directory.recordSignIns',
  function* (_tx, { entries }: { readonly entries: readonly SignInEntry[] }) {
    for (const entry of entries) {
      yield* addToList(entry);
      if (entry.outcome === 'accepted') {
        // Once a day is enough to know a network by.
        yield* run(sql`
          INSERT INTO known_network (account, network, last_at, first_at) VALUES (${entry.account}, ${entry.network}, ${entry.lastAtMs}, ${entry.firstAtMs})
          ON CONFLICT (account, network) DO UPDATE SET last_at = excluded.last_at WHERE known_network.last_at < excluded.last_at - ${DAY_MS}`);
      }
    }
  },
);

function* addToList(entry: SignInEntry): Program<void> {
  const { account, listener, outcome, count, firstAtMs, lastAtMs } = entry;
  const hour = Math.floor(lastAtMs / HOUR_MS);
  const changed = yield* run(sql`
    UPDATE sign_in SET count = count + ${count}, last_at = max(last_at, ${lastAtMs})
    WHERE account = ${account} AND hour = ${hour} AND address = ${entry.address} AND listener = ${listener} AND outcome = ${outcome}`);
  if (changed > 0) return;
  if (outcome !== 'accepted' && (yield* one(sql`SELECT 1 FROM account WHERE account = ${account}`)) === undefined) return;
  const listed = yield* one<{ readonly n: number }>(sql`SELECT count(*) AS n FROM sign_in WHERE account = ${account} AND hour = ${hour}`);
  const address = outcome !== 'accepted' && (listed?.n ?? 0) >= ROWS_PER_HOUR ? '*' : entry.address;
  yield* run(sql`
    INSERT INTO sign_in (account, hour, address, listener, outcome, count, first_at, last_at)
    VALUES (${account}, ${hour}, ${address}, ${listener}, ${outcome}, ${count}, ${firstAtMs}, ${lastAtMs})
    ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)`);
}

export interface SignInListed {
  readonly address: string;
  readonly listener: string;
  readonly outcome: SignInOutcome;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The newest sign-ins of an account, accepted and refused. */
export function* listSignIns(account: AccountId, limit: number = 200): Program<readonly SignInListed[]> {
  return yield* all<SignInListed>(sql`
    SELECT address, listener, outcome, count, first_at AS firstAtMs, last_at AS lastAtMs FROM sign_in
    WHERE account = ${account} ORDER BY hour DESC, last_at DESC LIMIT ${limit}`);
}

/** Drops what is too old, a slice at a time; returns the number of rows dropped, 0 when done. */
export function* pruneSignIns(nowMs: number): Program<number> {
  const listed = yield* run(sql`
    DELETE FROM sign_in WHERE (account, hour, address, listener, outcome) IN
      (SELECT account, hour, address, listener, outcome FROM sign_in WHERE hour < ${Math.floor((nowMs - LIST_MS) / HOUR_MS)} LIMIT 500)`);
  const networks = yield* run(sql`
    DELETE FROM known_network WHERE (account, network) IN (SELECT account, network FROM known_network WHERE last_at < ${nowMs - FAMILIAR_MS - DAY_MS} LIMIT 500)`);
  return listed + networks;
}

/** Collects entries on this thread and writes them about once a second. */
export class SignInRecorder implements AsyncDisposable {
  readonly #store: Store;
  readonly #log: Log;
  #waiting = new Map<string, SignInEntry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  add(entry: Omit<SignInEntry, 'count' | 'firstAtMs' | 'lastAtMs'> & { readonly atMs: number }): void {
    const { atMs, ...rest } = entry;
    const key = `${rest.account} ${rest.address} ${rest.listener} ${rest.outcome}`;
    const same = this.#waiting.get(key);
    this.#waiting.set(key, { ...rest, count: (same?.count ?? 0) + 1, firstAtMs: same?.firstAtMs ?? atMs, lastAtMs: atMs });
    if (this.#waiting.size >= FLUSH_AT) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Writes what has been collected. Never throws: a list of sign-ins is no reason to refuse one. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const entries = [...this.#waiting.values()];
    this.#waiting = new Map();
    try {
      await this.#store.commit(recordSignIns, { entries });
    } catch (error) {
      this.#log.error('store.failed', error, { what: 'sign-in list' });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}
