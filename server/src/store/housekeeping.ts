/**
 * The store's own work, in slices between everybody else's: entries of deleted mailboxes go, messages that nobody holds are destroyed after a grace
 * time, bodies that nobody names are freed after another, segments more than half dead are compacted, old changes are pruned.
 *
 * Grace: a message expunged in one session may still be shown to another that has not been told; a body may be read while its message goes.
 */
import fs from 'node:fs';
import type { Clock } from '#core/clock.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { yieldToLoop } from '#core/async.ts';
import { SEGMENT_SPAN, segmentFile } from './blobs/layout.ts';
import { compactSegment } from './compact-segment.ts';
import {
  destroyOrphans,
  freeBodies,
  markEmptied,
  markRemoved,
  pruneLog,
  purgeDeletedMailbox,
  recordLiveBytes,
  sealSegments,
  sweepThreadKeys,
} from './housekeeping-mutations.ts';
import { one, type Program, rows, sql } from './sql.ts';
import type { Store } from './store.ts';

export interface HousekeepingOptions {
  readonly store: Store;
  readonly directory: string;
  readonly clock: Clock;
  /** How long what is gone can still be read. Default: an hour. */
  readonly graceMs?: number;
  /** How long changes are kept. Default: 90 days. */
  readonly logMs?: number;
  /** Size of a full segment. Default: 256 MiB. */
  readonly segmentBytes?: number;
  readonly onCompacted?: (segment: number, liveBytes: number, sizeBytes: number) => void;
  /** Ends the round between two slices. */
  readonly signal?: AbortSignal;
}

const HOUR_MS = 3_600_000;
const SLICE = 500;
/** Of a segment, measured at once: 16,000 bodies of 1 KiB. */
const MEASURED_BYTES = 2 ** 24;

/** One round of everything that is due. Throws what the store throws; the next round goes on where this one ended. */
export async function keepHouse(options: HousekeepingOptions): Promise<void> {
  const { store, clock, graceMs = HOUR_MS, logMs = 90 * 24 * HOUR_MS, segmentBytes = SEGMENT_SPAN, signal } = options;
  const before = clock.nowMs() - graceMs + 1;
  /** Repeats slices until one says that it was the last. */
  const repeat = async (slice: () => Promise<boolean>): Promise<void> => {
    while (!signal?.aborted && (await slice())) await yieldToLoop();
  };

  for (const mailbox of await store.query(deletedMailboxes()))
    await repeat(() => store.commit(purgeDeletedMailbox, { mailbox, limit: SLICE, nowMs: clock.nowMs() }));
  await repeat(async () => (await store.commit(destroyOrphans, { before, limit: SLICE, nowMs: clock.nowMs() })) === SLICE);
  await repeat(async () => (await store.commit(freeBodies, { before, limit: SLICE })) === SLICE);

  let last = 0;
  await repeat(async () => {
    const accounts = await store.query(accountsAfter(last, SLICE));
    for (const { account, isStale, oldestMs } of accounts) {
      last = account;
      if (oldestMs !== undefined && oldestMs < clock.nowMs() - logMs)
        await repeat(() => store.commit(pruneLog, { account, before: clock.nowMs() - logMs, limit: SLICE }));
      if (isStale) await sweep(store, account, repeat);
    }
    return accounts.length === SLICE;
  });

  await store.commit(sealSegments, { fromBytes: segmentBytes, nowMs: clock.nowMs() });
  for (const segment of await store.query(unmeasuredSegments())) {
    if (signal?.aborted) return;
    await tendSegment(options, segment);
  }
  for (const { segment, changedAtMs } of await store.query(emptiedSegments())) {
    if (signal?.aborted) return;
    if (changedAtMs >= before) continue;
    if (await store.commit(markRemoved, { segment, nowMs: clock.nowMs() })) fs.rmSync(segmentFile(options.directory, segment), { force: true });
  }
}

async function sweep(store: Store, account: AccountId, repeat: (slice: () => Promise<boolean>) => Promise<void>): Promise<void> {
  let after: number | undefined;
  await repeat(async () => {
    after = await store.commit(sweepThreadKeys, { account, after, limit: SLICE });
    return after !== undefined;
  });
}

/** Measures a full segment; compacts it when less than half of it is still referred to. */
async function tendSegment(options: HousekeepingOptions, { segment, sizeBytes }: FullSegment): Promise<void> {
  const { store, clock } = options;
  const liveBytes = await measureSegment(store, segment);
  if (liveBytes * 2 > sizeBytes) {
    await store.commit(recordLiveBytes, { segment, liveBytes });
    return;
  }
  await compactSegment(store, segment, options.signal);
  if (options.signal?.aborted) return;
  if (await store.commit(markEmptied, { segment, nowMs: clock.nowMs() })) options.onCompacted?.(segment, liveBytes, sizeBytes);
}

/** Octets of the bodies that are in a segment now. */
async function measureSegment(store: Store, segment: number): Promise<number> {
  let liveBytes = (await store.query(one<{ octets: number | null }>(sql`SELECT sum(length) AS octets FROM blob WHERE segment = ${segment}`)))?.octets ?? 0;
  for (let offset = 0; offset < SEGMENT_SPAN; offset += MEASURED_BYTES) {
    const first = segment * SEGMENT_SPAN + offset;
    const part = one<{ octets: number | null }>(
      sql`SELECT sum(length) AS octets FROM blob WHERE blob BETWEEN ${first} AND ${first + MEASURED_BYTES - 1} AND segment IS NULL`,
    );
    liveBytes += (await store.query(part))?.octets ?? 0;
    await yieldToLoop();
  }
  return liveBytes;
}

interface FullSegment {
  readonly segment: number;
  readonly sizeBytes: number;
}

function* deletedMailboxes(): Program<readonly MailboxId[]> {
  const found = yield* rows<[MailboxId]>(sql`SELECT mailbox FROM deleted_mailbox ORDER BY deleted_at LIMIT ${SLICE}`);
  return found.map(([mailbox]) => mailbox);
}

function* accountsAfter(
  last: number,
  limit: number,
): Program<readonly { readonly account: AccountId; readonly isStale: boolean; readonly oldestMs: number | undefined }[]> {
  const found = yield* rows<[AccountId, number, number | null]>(
    sql`SELECT account, stale_threads, (SELECT at FROM change WHERE change.account = account_state.account ORDER BY modseq LIMIT 1)
        FROM account_state WHERE account > ${last} ORDER BY account LIMIT ${limit}`,
  );
  return found.map(([account, stale, oldest]) => ({ account, isStale: stale === 1, oldestMs: oldest ?? undefined }));
}

/** Full segments of which something was freed since they were last measured. */
function* unmeasuredSegments(): Program<readonly FullSegment[]> {
  const found = yield* rows<[number, number]>(sql`SELECT segment, size FROM segment WHERE state = 'sealed' AND live IS NULL ORDER BY segment`);
  return found.map(([segment, sizeBytes]) => ({ segment, sizeBytes }));
}

function* emptiedSegments(): Program<readonly { readonly segment: number; readonly changedAtMs: number }[]> {
  const found = yield* rows<[number, number]>(sql`SELECT segment, changed_at FROM segment WHERE state = 'emptied' ORDER BY segment`);
  return found.map(([segment, changedAtMs]) => ({ segment, changedAtMs }));
}
