/** A queue in which each key has its turn: an account with a thousand slices waiting delays another by one slice. Order is kept within a key. */
export class FairQueue<Item> {
  readonly #lines = new Map<number, { items: Item[]; head: number }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(key: number, item: Item): void {
    const line = this.#lines.get(key);
    if (line) line.items.push(item);
    else this.#lines.set(key, { items: [item], head: 0 });
    this.#size++;
  }

  /** Takes up to `limit` items, one from each key in turn, while `wants` says so. */
  take(limit: number, wants: (item: Item) => boolean = () => true): Item[] {
    const taken: Item[] = [];
    while (taken.length < limit) {
      const next = this.#lines.entries().next();
      if (next.done === true) break;
      const [key, line] = next.value;
      const item = line.items[line.head] as Item;
      if (!wants(item)) break;
      taken.push(item);
      line.head++;
      this.#size--;
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
