/** What the checker finds. */
export interface Problem {
  readonly kind: 'database' | 'mailbox' | 'account' | 'entry' | 'message' | 'keyword' | 'thread' | 'change-log' | 'body' | 'segment';
  readonly text: string;
}

const LIMIT = 20;

/** Problems, a bounded number of each kind: a broken store of a million messages is told in a page. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<Problem['kind'], number>();

  get all(): readonly Problem[] {
    return this.#problems;
  }

  add(kind: Problem['kind'], text: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= LIMIT) this.#problems.push({ kind, text });
    else if (count === LIMIT + 1) this.#problems.push({ kind, text: 'and more of this kind' });
  }
}
