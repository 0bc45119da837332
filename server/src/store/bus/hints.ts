/** Who on this thread wants to hear of which account or topic. A hint only says "look": listeners read the change log. */
import type { AccountId, Modseq } from '#core/ids.ts';

export class HintBus {
  readonly #accounts = new Map<AccountId, Set<(modseq: Modseq) => void>>();
  readonly #topics = new Map<string, Set<() => void>>();
  readonly #onError: (error: unknown) => void;

  /** @param onError a listener threw: a bug, which must not keep others from hearing */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  onChange(account: AccountId, listener: (modseq: Modseq) => void): Disposable {
    return subscribe(this.#accounts, account, listener);
  }

  onNotify(topic: string, listener: () => void): Disposable {
    return subscribe(this.#topics, topic, listener);
  }

  /** @param hints account, modseq, account, modseq, ... */
  publish(hints: readonly number[], topics: readonly string[]): void {
    for (let i = 0; i + 1 < hints.length; i += 2) {
      const modseq = hints[i + 1] as Modseq;
      this.#call(this.#accounts.get(hints[i] as AccountId), (listener) => listener(modseq));
    }
    for (const topic of topics) this.#call(this.#topics.get(topic), (listener) => listener());
  }

  #call<Listener>(listeners: ReadonlySet<Listener> | undefined, call: (listener: Listener) => void): void {
    if (!listeners) return;
    // A copy: a listener may remove itself or another.
    for (const listener of Array.from(listeners)) {
      if (!listeners.has(listener)) continue;
      try {
        call(listener);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

function subscribe<Key, Listener>(map: Map<Key, Set<Listener>>, key: Key, listener: Listener): Disposable {
  let listeners = map.get(key);
  if (!listeners) {
    listeners = new Set();
    map.set(key, listeners);
  }
  // One that is given twice is two.
  const own = ((...args: unknown[]) => (listener as (...args: unknown[]) => void)(...args)) as Listener;
  listeners.add(own);
  const all = listeners;
  return {
    [Symbol.dispose]: () => {
      all.delete(own);
      if (all.size === 0 && map.get(key) === all) map.delete(key);
    },
  };
}
