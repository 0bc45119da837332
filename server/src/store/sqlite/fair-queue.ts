/** A queue in which each key has its turn: an account with a thousand slices waiting delays another by one slice. Order is kept within a key. */
export class FairQueue<Item> {
  readonly #lines = new Map<number, { items: Item[]; head: number }>();
  readonly #shareOf: (key: number) => number;
  #size = 0;

  /** @param shareOf how many items a key may have taken in one turn */
  constructor(shareOf: (key: number) => number = () => 1) {
    this.#shareOf = shareOf;
  }

  get size(): number {
    return this.#size;
  }

  push(key: number, item: Item): void {
    const line = this.#lines.get(key);
    if (line) line.items.push(item);
    else this.#lines.set(key, { items: [item], head: 0 });
    this.#size++;
  }

  /** Puts back, in their order, items that were taken and for which there was no time: before what their keys have waiting, and before all other keys. */
  putBack(taken: readonly (readonly [key: number, item: Item])[]): void {
    const others = [...this.#lines];
    this.#lines.clear();
    const size = this.#size + taken.length;
    for (const [key, item] of taken) this.push(key, item);
    for (const [key, { items, head }] of others) {
      const line = this.#lines.get(key);
      if (line) line.items = line.items.concat(items.slice(head));
      else this.#lines.set(key, { items, head });
    }
    this.#size = size;
  }

  /** Takes up to `limit` items, each key's share in turn, while `wants` says so. */
  take(limit: number, wants: (item: Item) => boolean = () => true): Item[] {
    const taken: Item[] = [];
    let isRefused = false;
    while (taken.length < limit && !isRefused) {
      const next = this.#lines.entries().next();
      if (next.done === true) break;
      const [key, line] = next.value;
      const end = Math.min(line.items.length, line.head + this.#shareOf(key), line.head + limit - taken.length);
      const before = line.head;
      while (line.head < end) {
        const item = line.items[line.head] as Item;
        isRefused = !wants(item);
        if (isRefused) break;
        taken.push(item);
        line.head++;
        this.#size--;
      }
      // Its turn is still to come.
      if (line.head === before) break;
      // To the end of the ring, or out of it.
      this.#lines.delete(key);
      if (line.head < line.items.length) {
        if (line.head > 64) {
          line.items.splice(0, line.head);
          line.head = 0;
        }
        this.#lines.set(key, line);
      }
    }
    return taken;
  }
}
