/** One time limit for several waits. */
export class Deadline implements Disposable {
  readonly #passed: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#passed = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, timeoutMs);
    });
  }

  /** What the promise gives, or `otherwise` when the time is over; the promise then goes on unheard. */
  async race<Value>(promise: Promise<Value>, otherwise: () => Value): Promise<Value> {
    return await Promise.race([promise, this.#passed.then(otherwise)]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
