/**
 * Passwords that were right, and wrong, a short while ago, so that a mail program that signs in every minute costs microseconds. An entry holds for the
 * credential version it was made under; the version in the database is read at every sign-in, so a change ends it at once in all threads.
 */
import type { AccountId } from '#core/ids.ts';
import type { SharedTable, TableKey } from './shared-table.ts';

const SUCCESS_MS = 3600_000;
const FAILURE_MS = 24 * 3600_000;

export class SignInCache {
  readonly #successes: SharedTable;
  readonly #failures: SharedTable;

  constructor(successes: SharedTable, failures: SharedTable) {
    this.#successes = successes;
    this.#failures = failures;
  }

  /** Whether this password (in the key) was right for the account under this credential version. */
  isKnownRight(key: TableKey, account: AccountId, version: number, nowMs: number): boolean {
    const row = this.#successes.get(key);
    return row !== undefined && (row[0] ?? 0) > nowMs && row[1] === account && row[2] === version;
  }

  rememberRight(key: TableKey, account: AccountId, version: number, nowMs: number): void {
    this.#successes.update(key, (columns) => {
      columns[0] = nowMs + SUCCESS_MS;
      columns[1] = account;
      columns[2] = version;
    });
  }

  /** Whether this password was wrong under this credential version: trying it again teaches nobody anything, and is not counted. */
  isKnownWrong(key: TableKey, version: number, nowMs: number): boolean {
    const row = this.#failures.get(key);
    return row !== undefined && (row[0] ?? 0) > nowMs && row[1] === version;
  }

  rememberWrong(key: TableKey, version: number, nowMs: number): void {
    this.#failures.update(key, (columns) => {
      columns[0] = nowMs + FAILURE_MS;
      columns[1] = version;
    });
  }
}
