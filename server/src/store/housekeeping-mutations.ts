/** What housekeeping changes, slice by slice: see housekeeping.ts for when and why. */
import { type AccountId, accountOf, type BlobId, type EmailId, type MailboxId } from '#core/ids.ts';
import { releaseBody } from './blob-refs.ts';
import { firstPlace, SEGMENT_SPAN } from './blobs/layout.ts';
import { addUses, countKeywords } from './keywords.ts';
import { defineMutation, type Mutation } from './mutation.ts';
import { one, type Program, rows, run, sql } from './sql.ts';

/** Takes entries of a deleted mailbox away; returns whether there are more. Quota was counted when it was deleted. */
export const purgeDeletedMailbox: Mutation<{ readonly mailbox: MailboxId; readonly limit: number; readonly nowMs: number }, boolean> = defineMutation(
  'store.purgeDeletedMailbox',
  function* (_tx, { mailbox, limit, nowMs }: { readonly mailbox: MailboxId; readonly limit: number; readonly nowMs: number }) {
    const found = yield* rows<[uid: number, flags: number]>(sql`SELECT uid, flags FROM entry WHERE mailbox = ${mailbox} ORDER BY uid LIMIT ${limit}`);
    const last = found[found.length - 1]?.[0];
    if (last === undefined) {
      yield* run(sql`DELETE FROM deleted_mailbox WHERE mailbox = ${mailbox}`);
      return false;
    }
    const uses = new Map<number, number>();
    for (const [, flags] of found) addUses(uses, flags, -1);
    yield* run(
      sql`INSERT INTO orphan (email, since) SELECT DISTINCT email, ${nowMs} FROM entry WHERE mailbox = ${mailbox} AND uid <= ${last}
          ON CONFLICT (email) DO UPDATE SET since = excluded.since`,
    );
    yield* run(sql`DELETE FROM entry WHERE mailbox = ${mailbox} AND uid <= ${last}`);
    yield* countKeywords(accountOf(mailbox), uses);
    return true;
  },
);

/** Destroys messages that lost their last entry before `before`; returns how many of the slice's rows were dealt with. */
export const destroyOrphans: Mutation<{ readonly before: number; readonly limit: number; readonly nowMs: number }, number> = defineMutation(
  'store.destroyOrphans',
  function* (_tx, { before, limit, nowMs }: { readonly before: number; readonly limit: number; readonly nowMs: number }) {
    const emails = yield* rows<[EmailId]>(sql`SELECT email FROM orphan WHERE since < ${before} LIMIT ${limit}`);
    const touched = new Set<AccountId>();
    const released = new Map<BlobId, number>();
    for (const [email] of emails) {
      const isHeld = yield* one(sql`SELECT 1 AS yes FROM entry_of_message WHERE email = ${email} LIMIT 1`);
      if (!isHeld) {
        const message = yield* one<{ blob: BlobId }>(sql`DELETE FROM message WHERE email = ${email} RETURNING blob`);
        if (message) released.set(message.blob, (released.get(message.blob) ?? 0) + 1);
        touched.add(accountOf(email));
      }
      yield* run(sql`DELETE FROM orphan WHERE email = ${email}`);
    }
    for (const [blob, references] of released) yield* releaseBody(blob, nowMs, references);
    for (const account of touched) yield* run(sql`UPDATE account_state SET stale_threads = 1 WHERE account = ${account} AND stale_threads = 0`);
    return emails.length;
  },
);

interface ThreadSweep {
  readonly account: AccountId;
  /** Go on after this hash; undefined begins. */
  readonly after: number | undefined;
  readonly limit: number;
}

/** Drops thread keys whose conversation has no message left; returns where to go on, undefined at the end. */
export const sweepThreadKeys: Mutation<ThreadSweep, number | undefined> = defineMutation(
  'store.sweepThreadKeys',
  function* (_tx, { account, after, limit }: ThreadSweep): Program<number | undefined> {
    // Cleared at the beginning: what is destroyed meanwhile asks for another sweep.
    if (after === undefined) yield* run(sql`UPDATE account_state SET stale_threads = 0 WHERE account = ${account}`);
    const from = after ?? -1;
    const found = yield* rows<[hash: number]>(sql`SELECT hash FROM thread_key WHERE account = ${account} AND hash > ${from} ORDER BY hash LIMIT ${limit}`);
    const last = found[found.length - 1]?.[0];
    if (last === undefined) return undefined;
    yield* run(
      sql`DELETE FROM thread_key WHERE account = ${account} AND hash > ${from} AND hash <= ${last}
          AND NOT EXISTS (SELECT 1 FROM message WHERE message.email = thread_key.thread)
          AND NOT EXISTS (SELECT 1 FROM message WHERE message.thread = thread_key.thread AND message.thread <> message.email)`,
    );
    return found.length === limit ? last : undefined;
  },
);

interface LogPruning {
  readonly account: AccountId;
  readonly before: number;
  readonly limit: number;
}

/** Prunes the oldest changes of an account that were made before a time; returns whether there may be more. */
export const pruneLog: Mutation<LogPruning, boolean> = defineMutation('store.pruneLog', function* (_tx, { account, before, limit }: LogPruning) {
  const found = yield* rows<[modseq: number, at: number]>(sql`SELECT modseq, at FROM change WHERE account = ${account} ORDER BY modseq LIMIT ${limit}`);
  let floor: number | undefined;
  for (const [modseq, at] of found) {
    if (at >= before) break;
    floor = modseq;
  }
  if (floor === undefined) return false;
  yield* run(sql`DELETE FROM change WHERE account = ${account} AND modseq <= ${floor}`);
  yield* run(sql`UPDATE account_state SET log_floor = ${floor} WHERE account = ${account}`);
  return found.length === limit && floor === found[found.length - 1]?.[0];
});

/** Forgets bodies that nobody has referred to since before a time; returns how many. Their space is dead from here on. */
export const freeBodies: Mutation<{ readonly before: number; readonly limit: number }, number> = defineMutation(
  'store.freeBodies',
  function* (_tx, { before, limit }: { readonly before: number; readonly limit: number }) {
    const found = yield* rows<[blob: BlobId, segment: number | null]>(
      sql`SELECT blob, segment FROM blob WHERE freed_at IS NOT NULL AND freed_at < ${before} AND refs = 0 LIMIT ${limit}`,
    );
    const segments = new Set<number>();
    for (const [blob, segment] of found) {
      segments.add(segment ?? firstPlace(blob).segment);
      yield* run(sql`DELETE FROM blob WHERE blob = ${blob}`);
      yield* run(sql`DELETE FROM prepared WHERE body = ${blob}`);
    }
    for (const segment of segments) yield* run(sql`UPDATE segment SET live = NULL WHERE segment = ${segment} AND live IS NOT NULL`);
    return found.length;
  },
);

/** Seals segments that have grown to their full size. */
export const sealSegments: Mutation<{ readonly fromBytes: number; readonly nowMs: number }, number> = defineMutation(
  'store.sealSegments',
  function* (_tx, { fromBytes, nowMs }: { readonly fromBytes: number; readonly nowMs: number }) {
    return yield* run(sql`UPDATE segment SET state = 'sealed', changed_at = ${nowMs} WHERE state = 'open' AND size >= ${fromBytes}`);
  },
);

/** Records how many octets of a segment are still referred to. */
export const recordLiveBytes: Mutation<{ readonly segment: number; readonly liveBytes: number }, void> = defineMutation(
  'store.recordLiveBytes',
  function* (_tx, { segment, liveBytes }: { readonly segment: number; readonly liveBytes: number }) {
    yield* run(sql`UPDATE segment SET live = ${liveBytes} WHERE segment = ${segment}`);
  },
);

interface MovedBodies {
  readonly from: number;
  /** blob, place within the mutation's one body; blob, place; ... */
  readonly places: readonly number[];
}

/** Says where compaction has put bodies: they lie inside the mutation's one body. What was freed meanwhile is passed over. */
export const moveBodies: Mutation<MovedBodies, void> = defineMutation('store.moveBodies', function* (tx, { from, places }: MovedBodies) {
  const [target] = tx.bodies;
  if (!target) throw new Error('bodies are moved into a body');
  const segment = Math.floor(target.blob / SEGMENT_SPAN);
  const start = target.blob % SEGMENT_SPAN;
  const first = from * SEGMENT_SPAN;
  for (let i = 0; i + 1 < places.length; i += 2) {
    const blob = places[i] as BlobId;
    const place = start + (places[i + 1] as number);
    yield* run(
      sql`UPDATE blob SET segment = ${segment}, place = ${place}
          WHERE blob = ${blob} AND (segment = ${from} OR segment IS NULL AND blob BETWEEN ${first} AND ${first + SEGMENT_SPAN - 1})`,
    );
  }
});

/** Marks a segment as holding no body any more; returns whether that is so. */
export const markEmptied: Mutation<{ readonly segment: number; readonly nowMs: number }, boolean> = defineMutation(
  'store.markEmptied',
  function* (_tx, { segment, nowMs }: { readonly segment: number; readonly nowMs: number }) {
    if (yield* holdsBodies(segment)) return false;
    yield* run(sql`UPDATE segment SET state = 'emptied', live = 0, changed_at = ${nowMs} WHERE segment = ${segment} AND state = 'sealed'`);
    return true;
  },
);

/** After the grace time: gives up an emptied segment, whose file may then be removed. False when a body has been named in it after all. */
export const markRemoved: Mutation<{ readonly segment: number; readonly nowMs: number }, boolean> = defineMutation(
  'store.markRemoved',
  function* (tx, { segment, nowMs }: { readonly segment: number; readonly nowMs: number }) {
    if (yield* holdsBodies(segment)) {
      yield* run(sql`UPDATE segment SET state = 'sealed', live = NULL, changed_at = ${nowMs} WHERE segment = ${segment} AND state = 'emptied'`);
      return false;
    }
    const changed = yield* run(sql`UPDATE segment SET state = 'removed', changed_at = ${nowMs} WHERE segment = ${segment} AND state = 'emptied'`);
    if (changed > 0) tx.notify('segments');
    return changed > 0;
  },
);

function* holdsBodies(segment: number): Program<boolean> {
  const first = segment * SEGMENT_SPAN;
  const unmoved = yield* one(sql`SELECT 1 AS yes FROM blob WHERE blob BETWEEN ${first} AND ${first + SEGMENT_SPAN - 1} AND segment IS NULL LIMIT 1`);
  const moved = yield* one(sql`SELECT 1 AS yes FROM blob WHERE segment = ${segment} LIMIT 1`);
  return unmoved !== undefined || moved !== undefined;
}
