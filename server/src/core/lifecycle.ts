/** Things that are started and must be stopped: stopped in the reverse order in which they were added, each even if another fails. */
export class Lifecycle implements AsyncDisposable {
  readonly #stops: Array<{ readonly name: string; readonly stop: () => void | PromiseLike<void> }> = [];
  #stopping: Promise<void> | undefined;

  /** Adds a stop action; what was added last stops first. */
  onStop(name: string, stop: () => void | PromiseLike<void>): void {
    this.#stops.push({ name, stop });
  }

  /** Stops everything once; throws an AggregateError of what failed, after all had their turn. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) {
      try {
        await next.stop();
      } catch (error) {
        failures.push(new Error(`stopping ${next.name}`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything stopped cleanly');
  }
}
