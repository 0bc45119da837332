/** The keys of rewritten senders (SRS): one makes hashes for a season, and is taken for as long as the addresses that it made may come back. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { type Program, rows, run, sql } from '#store/sql.ts';

const DAY_MS = 24 * 3600 * 1000;
/** A new one is made after this time. */
export const SECRET_LIFE_MS: number = 90 * DAY_MS;
/** Secrets that are looked at: more than two live only after rotation by hand. */
const LIMIT = 8;

/** The newest first. */
export function* forwardSecrets(): Program<readonly Uint8Array[]> {
  const found = yield* rows<readonly [secret: Uint8Array]>(sql`SELECT secret FROM forward_secret ORDER BY created_at DESC LIMIT ${LIMIT}`);
  return found.map(([secret]) => secret);
}

export interface RotateForwardSecrets {
  /** 32 random octets, used if it is time for a new one. */
  readonly secret: Uint8Array;
  /** How long an address leads back after its secret was followed by another. */
  readonly validMs: number;
  readonly nowMs: number;
}

/** Makes a new secret where the newest has had its time, and forgets those that nothing depends on any more. Returns whether there is a new one. */
export const rotateForwardSecrets: Mutation<RotateForwardSecrets, boolean> = defineMutation(
  'directory.rotateForwardSecrets',
  function* (tx, { secret, validMs, nowMs }: RotateForwardSecrets) {
    const made = (yield* rows<readonly [at: number]>(sql`SELECT created_at FROM forward_secret ORDER BY created_at DESC`)).map(([at]) => at);
    const isDue = made[0] === undefined || made[0] <= nowMs - SECRET_LIFE_MS;
    if (isDue) {
      yield* run(sql`INSERT INTO forward_secret (created_at, secret) VALUES (${nowMs}, ${secret})`);
      made.unshift(nowMs);
    }
    // A secret was in use until the next one was made.
    for (const [index, at] of made.entries()) {
      const replacedAt = made[index - 1];
      if (replacedAt !== undefined && replacedAt < nowMs - validMs) yield* run(sql`DELETE FROM forward_secret WHERE created_at = ${at}`);
    }
    if (isDue) tx.notify('directory');
    return isDue;
  },
);
