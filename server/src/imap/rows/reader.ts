/**
 * Reads the message rows of some uids of a view and walks over them. Messages that left the mailbox are found by their id as long as they exist.
 */
import type { MailboxId } from '#core/ids.ts';
import type { MailboxBase } from '#store/mailbox-base.ts';
import type { Program } from '#store/sql.ts';
import type { Selected } from '../selected.ts';
import type { Session } from '../session.ts';
import { type Batch, EMPTY_BATCH } from './batch.ts';
import { batchOfGone, batchOfRange, type Columns } from './queries.ts';

/** Rows of ascending uids; `seek` moves to one, `batch` and `index` say where it is. */
export class Rows {
  batch: Batch = EMPTY_BATCH;
  index = 0;
  readonly #batches: readonly Batch[];
  readonly #gone: ReadonlyMap<number, Batch>;
  #at = 0;
  #next = 0;

  constructor(batches: readonly Batch[], gone: ReadonlyMap<number, Batch>) {
    this.#batches = batches;
    this.#gone = gone;
  }

  /** Whether a row satisfies a condition; also among those read along that nobody asked for. */
  some(condition: (batch: Batch, index: number) => boolean): boolean {
    for (const batch of [...this.#batches, ...this.#gone.values()]) {
      for (let i = 0; i < batch.count; i++) if (condition(batch, i)) return true;
    }
    return false;
  }

  /** Goes to a uid that is greater than the last one. False if the message no longer exists. */
  seek(uid: number): boolean {
    for (;;) {
      const batch = this.#batches[this.#at];
      if (batch === undefined) break;
      while (this.#next < batch.count && (batch.uid[this.#next] ?? 0) < uid) this.#next++;
      if (this.#next === batch.count) {
        this.#at++;
        this.#next = 0;
        continue;
      }
      if (batch.uid[this.#next] !== uid) break;
      this.batch = batch;
      this.index = this.#next;
      return true;
    }
    const gone = this.#gone.get(uid);
    if (gone === undefined) return false;
    this.batch = gone;
    this.index = 0;
    return true;
  }
}

/** Reads the rows of these uids, which ascend. */
export async function readRows(session: Session, selected: Selected, uids: Uint32Array, columns: Columns): Promise<Rows> {
  const { store } = session;
  const { mailbox, base, view } = selected;
  const batches = await store.query(batchesOf(mailbox, rangesToRead(uids, base), columns));
  const found = new Rows(batches, NOBODY);
  const gone = new Map<number, Batch>();
  for (const uid of uids) {
    if (found.seek(uid)) continue;
    // It may have left between the look at the table and the query.
    if (view.indexOf(uid) >= 0) session.refresh();
    const left = view.goneMessage(uid);
    if (left === undefined) continue;
    const batch = await store.query(batchOfGone(uid, left.email));
    if (batch.count > 0) gone.set(uid, batch);
  }
  return new Rows(batches, gone);
}

const NOBODY: ReadonlyMap<number, Batch> = new Map();

function* batchesOf(mailbox: MailboxId, ranges: readonly number[], columns: Columns): Program<readonly Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) batches.push(yield* batchOfRange(mailbox, ranges[i] ?? 0, ranges[i + 1] ?? 0, columns));
  return batches;
}

/** Ranges of uids (first, last, first, last...) to read for these: one range where that reads few others, else their runs. */
function rangesToRead(uids: Uint32Array, base: MailboxBase): number[] {
  const firstUid = uids[0] ?? 0;
  const lastUid = uids[uids.length - 1] ?? 0;
  const span = base.lowerBound(lastUid + 1) - base.lowerBound(firstUid);
  if (span === 0) return [];
  if (span <= uids.length * 1.5) return [firstUid, lastUid];
  const ranges: number[] = [];
  let previous = -2;
  for (const uid of uids) {
    const index = base.indexOf(uid);
    if (index < 0) continue;
    if (index === previous + 1) ranges[ranges.length - 1] = uid;
    else ranges.push(uid, uid);
    previous = index;
  }
  return ranges;
}
