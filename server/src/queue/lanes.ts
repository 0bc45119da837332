/** The lanes there are, by destination. */
import type { Clock } from '#core/clock.ts';
import { Lane, type LaneHost } from './lane.ts';
import type { LoginMemory } from './login-memory.ts';
import type { DueRecipient } from './queue-rows.ts';
import { destinationKey, type Routing } from './routing.ts';
import type { DestinationRules } from './rules.ts';

export interface LaneParts {
  readonly clock: Clock;
  readonly routing: Routing;
  readonly rules: DestinationRules;
  readonly logins: LoginMemory;
  readonly host: LaneHost;
}

/** More are looked through for those that nothing is known of any more. */
export const LANES_REMEMBERED = 10_000;

export class Lanes {
  readonly #parts: LaneParts;
  readonly #lanes = new Map<string, Lane>();
  #most = LANES_REMEMBERED;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** The lane of a recipient; a new one where there is none. */
  of({ message: { sender, account, tlsNeed }, recipient: { domain } }: DueRecipient): Lane {
    const { routing, rules, logins, host } = this.#parts;
    const destination = routing.destinationOf(domain, {
      sender,
      login: account === undefined ? undefined : logins.get(account),
      // A notice is not lost because the way back is less safe than the way there was (RFC 8689 §5).
      tlsNeed: sender === '' && tlsNeed === 'required' ? undefined : tlsNeed,
    });
    const key = destinationKey(destination);
    let lane = this.#lanes.get(key);
    if (!lane) {
      if (this.#lanes.size >= this.#most) this.#forget();
      lane = new Lane(key, destination, host, rules.limitsOf(destination, domain));
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  get(key: string): Lane | undefined {
    return this.#lanes.get(key);
  }

  all(): Iterable<Lane> {
    return this.#lanes.values();
  }

  #forget(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const [key, lane] of this.#lanes) if (lane.isEmpty && lane.restsUntilMs <= nowMs) this.#lanes.delete(key);
    // Where few could be forgotten the next look is far away, so that it costs each new lane next to nothing.
    this.#most = Math.max(LANES_REMEMBERED, this.#lanes.size * 2);
  }
}
