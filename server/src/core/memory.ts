/**
 * Answers that are remembered until what they are about changes. A question to the store costs the reader's page cache, which every commit of the writer empties; the
 * same few are asked again and again.
 */
export class Memory<Key, Answer> {
  readonly #limit: number;
  readonly #answers = new Map<Key, Answer>();
  /** Grows with each change: what was asked before it is not kept. */
  #generation = 0;

  /** When there are more answers than `limit`, it begins anew. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The answer that is remembered, else that to `ask`; it is kept unless `isKept` says no. Throws what `ask` throws. */
  async of(key: Key, ask: () => Promise<Answer>, isKept?: (answer: Answer) => boolean): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known !== undefined || this.#answers.has(key)) return known as Answer;
    const generation = this.#generation;
    const answer = await ask();
    if (generation === this.#generation && isKept?.(answer) !== false) {
      if (this.#answers.size >= this.#limit) this.#answers.clear();
      this.#answers.set(key, answer);
    }
    return answer;
  }

  /** Something has changed. */
  forget(): void {
    this.#generation++;
    this.#answers.clear();
  }
}
