/**
 * What the clients of the crash test know: for each message the states in which it may be. An operation under way adds a state; its acknowledgement
 * leaves only the new one, its refusal only the old. After a crash each message must be found, once, in one of its states.
 */

/** `absent`, or `mailbox` or `mailbox flagged`. */
export type MessageState = string;
export const ABSENT: MessageState = 'absent';

interface Entry {
  possible: Set<MessageState>;
  /** Messages of one transaction: all of them exist, or none. Cleared once that has been seen. */
  group: string | undefined;
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  acknowledged = 0;

  /** Messages (keys `account token`) that are surely in this state. */
  settledIn(account: string, state: MessageState): string[] {
    const found: string[] = [];
    for (const [key, { possible }] of this.#entries)
      if (key.startsWith(`${account} `) && possible.size === 1 && possible.has(state)) found.push(key.slice(account.length + 1));
    return found;
  }

  /** The state that a message is surely in; undefined while an operation is under way or where the message is not known. */
  stateOf(account: string, token: string): MessageState | undefined {
    const possible = this.#entries.get(`${account} ${token}`)?.possible;
    return possible?.size === 1 ? [...possible][0] : undefined;
  }

  get liveCount(): number {
    return this.#entries.size;
  }

  /** Runs an operation that takes messages to a state. `operate` tells whether the server acknowledged it; when it throws, both states stay possible. */
  async change(account: readonly string[], token: string, next: MessageState, operate: () => Promise<boolean>): Promise<void> {
    const touched = account.map((name) => {
      const key = `${name} ${token}`;
      const entry = this.#entries.get(key) ?? { possible: new Set([ABSENT]), group: undefined };
      if (account.length > 1) entry.group = token;
      this.#entries.set(key, entry);
      const before = [...entry.possible];
      entry.possible.add(next);
      return { key, entry, before };
    });
    const isAcknowledged = await operate();
    if (isAcknowledged) this.acknowledged++;
    for (const { key, entry, before } of touched) {
      entry.possible = new Set(isAcknowledged ? [next] : before);
      if (isAcknowledged) entry.group = undefined;
      if (isAcknowledged && next === ABSENT) this.#entries.delete(key);
    }
  }

  /**
   * Holds what was found in an account against what may be there, and takes what was found as the truth from here on.
   * `found` maps token to the states of its copies. Returns what is wrong, in words.
   */
  reconcile(account: string, found: ReadonlyMap<string, readonly MessageState[]>): string[] {
    const problems: string[] = [];
    for (const [token, states] of found) {
      if (!this.#entries.has(`${account} ${token}`))
        problems.push(`${account}: ${token} is back in ${states.join(', ')} though its removal was acknowledged or it was never sent`);
      if (states.length > 1) problems.push(`${account}: ${token} is there ${states.length} times: ${states.join(', ')}`);
    }
    for (const [key, entry] of this.#entries) {
      if (!key.startsWith(`${account} `)) continue;
      const token = key.slice(account.length + 1);
      const state = found.get(token)?.[0] ?? ABSENT;
      if (!entry.possible.has(state)) problems.push(`${account}: ${token} is ${state}, expected ${[...entry.possible].join(' or ')}`);
      entry.possible = new Set([state]);
    }
    return problems;
  }

  /** After all accounts were reconciled: messages of one transaction that exist for some recipients only. Then forgets what is absent. */
  reconcileGroups(): string[] {
    const groups = new Map<string, Set<boolean>>();
    for (const entry of this.#entries.values()) {
      if (entry.group === undefined) continue;
      const seen = groups.get(entry.group) ?? new Set();
      seen.add(!entry.possible.has(ABSENT));
      groups.set(entry.group, seen);
      entry.group = undefined;
    }
    for (const [key, entry] of this.#entries) if (entry.possible.has(ABSENT)) this.#entries.delete(key);
    return [...groups].flatMap(([group, seen]) => (seen.size > 1 ? [`${group} reached some of its recipients only`] : []));
  }
}
