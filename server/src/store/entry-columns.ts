/** Parallel arrays of entries, ascending by uid, that grow. */

/** uid, email, flags, modseq, size. */
export type EntryValues = readonly [uid: number, email: number, flags: number, modseq: number, size: number];

/** Flags of some entries, by column, ascending by uid. */
export interface FlagBatch {
  readonly count: number;
  readonly uid: Float64Array;
  readonly flags: Float64Array;
  readonly modseq: Float64Array;
}

export interface EntryBatch extends FlagBatch {
  readonly email: Float64Array;
  readonly size: Float64Array;
}

const FIRST_CAPACITY = 64;

export class EntryColumns {
  length = 0;
  uids: Uint32Array = new Uint32Array(0);
  emails: Float64Array = new Float64Array(0);
  flags: Float64Array = new Float64Array(0);
  modseqs: Float64Array = new Float64Array(0);
  sizes: Uint32Array = new Uint32Array(0);

  /** First position whose uid is not less. */
  lowerBound(uid: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.uids[middle] as number) < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  indexOf(uid: number): number {
    const index = this.lowerBound(uid);
    return index < this.length && this.uids[index] === uid ? index : -1;
  }

  /** Adds entries whose uids are larger than all that are here. */
  push(batch: EntryBatch): void {
    const at = this.length;
    this.#reserve(at + batch.count);
    this.uids.set(batch.uid, at);
    this.emails.set(batch.email, at);
    this.flags.set(batch.flags, at);
    this.modseqs.set(batch.modseq, at);
    this.sizes.set(batch.size, at);
    this.length = at + batch.count;
  }

  /** Takes over flags and modseqs of entries that are here; returns the uids of those that had another modseq. */
  update(batch: FlagBatch): number[] {
    const changed: number[] = [];
    let index = -1;
    for (let i = 0; i < batch.count; i++) {
      const uid = batch.uid[i] ?? 0;
      const next = index + 1;
      index = next < this.length && this.uids[next] === uid ? next : this.indexOf(uid);
      const modseq = batch.modseq[i] ?? 0;
      if (index < 0 || this.modseqs[index] === modseq) continue;
      this.flags[index] = batch.flags[i] ?? 0;
      this.modseqs[index] = modseq;
      changed.push(uid);
    }
    return changed;
  }

  /** Removes entries; the predicate sees every uid in ascending order. Returns what was removed. */
  removeWhere(isGone: (uid: number) => boolean): EntryValues[] {
    const removed: EntryValues[] = [];
    let to = 0;
    for (let from = 0; from < this.length; from++) {
      const uid = this.uids[from] as number;
      if (isGone(uid)) {
        removed.push([uid, this.emails[from] as number, this.flags[from] as number, this.modseqs[from] as number, this.sizes[from] as number]);
        continue;
      }
      if (to < from) {
        this.uids[to] = uid;
        this.emails[to] = this.emails[from] as number;
        this.flags[to] = this.flags[from] as number;
        this.modseqs[to] = this.modseqs[from] as number;
        this.sizes[to] = this.sizes[from] as number;
      }
      to++;
    }
    this.length = to;
    return removed;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.uids.length) return;
    const size = Math.max(FIRST_CAPACITY, capacity, Math.ceil(this.uids.length * 1.5));
    this.uids = grown(this.uids, new Uint32Array(size));
    this.emails = grown(this.emails, new Float64Array(size));
    this.flags = grown(this.flags, new Float64Array(size));
    this.modseqs = grown(this.modseqs, new Float64Array(size));
    this.sizes = grown(this.sizes, new Uint32Array(size));
  }
}

function grown<Column extends Uint32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
