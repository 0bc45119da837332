/**
 * A bounded table in memory that all threads share: from a 96-bit key to a few numbers. Eight places a set; when a set is full, the row that stops being
 * useful first gives way. Each set has a lock that is held for well under a microsecond; nothing ever waits for a message from another thread.
 */

/** 96 bits of a keyed digest: outsiders cannot choose which rows collide. */
export interface TableKey {
  readonly high: number;
  readonly low: number;
}

const WAYS = 8;
/** high, low; then the caller's columns, the first of which says until when the row is useful. */
const KEY_COLUMNS = 2;
/** Longer than any holder needs; after that the holder is dead (a worker that crashed) and the lock is taken over. */
const SPIN_LIMIT = 5_000_000;

/** What is handed to workers. */
export interface SharedTableMemory {
  readonly rows: SharedArrayBuffer;
  readonly locks: SharedArrayBuffer;
  readonly columns: number;
}

/** Memory for at least `capacity` rows of `columns` numbers. */
export function allocateTable(capacity: number, columns: number): SharedTableMemory {
  const sets = 2 ** Math.ceil(Math.log2(Math.max(1, capacity / WAYS)));
  return {
    rows: new SharedArrayBuffer(sets * WAYS * (KEY_COLUMNS + columns) * Float64Array.BYTES_PER_ELEMENT),
    locks: new SharedArrayBuffer(sets * Int32Array.BYTES_PER_ELEMENT),
    columns,
  };
}

/** One thread's hold on a shared table. */
export class SharedTable {
  readonly #rows: Float64Array;
  readonly #locks: Int32Array;
  readonly #stride: number;

  constructor(memory: SharedTableMemory) {
    this.#rows = new Float64Array(memory.rows);
    this.#locks = new Int32Array(memory.locks);
    this.#stride = KEY_COLUMNS + memory.columns;
  }

  /** A copy of the row's columns; undefined where there is none. */
  get(key: TableKey): readonly number[] | undefined {
    return this.#locked(key, (set) => {
      const at = this.#find(set, key);
      return at < 0 ? undefined : Array.from(this.#rows.subarray(at + KEY_COLUMNS, at + this.#stride));
    });
  }

  /** Changes the row in place (zeros where it is new) and returns what `change` returns. Column 0 is until when (ms) the row is useful. */
  update<Result>(key: TableKey, change: (columns: Float64Array) => Result): Result {
    return this.#locked(key, (set) => {
      let at = this.#find(set, key);
      if (at < 0) {
        at = this.#leastUseful(set);
        this.#rows.fill(0, at, at + this.#stride);
        this.#rows[at] = key.high;
        this.#rows[at + 1] = key.low;
      }
      return change(this.#rows.subarray(at + KEY_COLUMNS, at + this.#stride));
    });
  }

  #find(set: number, key: TableKey): number {
    const first = set * WAYS * this.#stride;
    for (let way = 0, at = first; way < WAYS; way++, at += this.#stride) {
      if (this.#rows[at] === key.high && this.#rows[at + 1] === key.low) return at;
    }
    return -1;
  }

  #leastUseful(set: number): number {
    const first = set * WAYS * this.#stride;
    let best = first;
    for (let way = 1, at = first + this.#stride; way < WAYS; way++, at += this.#stride) {
      if ((this.#rows[at + KEY_COLUMNS] ?? 0) < (this.#rows[best + KEY_COLUMNS] ?? 0)) best = at;
    }
    return best;
  }

  #locked<Result>(key: TableKey, work: (set: number) => Result): Result {
    const set = key.low % this.#locks.length;
    for (let spins = 0; Atomics.compareExchange(this.#locks, set, 0, 1) !== 0; spins++) if (spins > SPIN_LIMIT) break;
    try {
      return work(set);
    } finally {
      Atomics.store(this.#locks, set, 0);
    }
  }
}
