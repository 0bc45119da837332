/**
 * The memory of one thread for messages that are on their way in. Each holds little, but there may be very many, and a client that stops in the middle of its message
 * may keep it for half an hour. When all together hold too much, the one that nothing has come for the longest time gives up its place: its client, should it go on,
 * hears a temporary refusal at the end. Who sends meanwhile does not notice.
 *
 * RFC 5321 §4.2.3 (452) · RFC 3463 §3.4 (4.3.1)
 */
import { Refusal } from '#smtp/wire/refusal.ts';

/** A message that is coming in. */
export interface Holder {
  /** Gives back everything it holds, at once. */
  giveUp(): void;
}

export class HeldMemory {
  readonly #limitBytes: number;
  readonly #bytes = new Map<Holder, number>();
  /** Those that may be asked to give up, the one that has waited longest first. */
  readonly #waiting = new Set<Holder>();
  #total = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Octets held by all messages together. */
  get totalBytes(): number {
    return this.#total;
  }

  /** Something has come: it holds `bytes` now, and is at work until `wait`. Throws Refusal 452 where there is no room, and it then holds what it did. */
  hold(holder: Holder, bytes: number): void {
    this.#waiting.delete(holder);
    const before = this.#bytes.get(holder) ?? 0;
    if (bytes === before) return;
    const grownBytes = bytes - before;
    for (const other of this.#waiting) {
      if (grownBytes <= 0 || this.#total + grownBytes <= this.#limitBytes) break;
      this.release(other);
      other.giveUp();
    }
    if (grownBytes > 0 && this.#total + grownBytes > this.#limitBytes) throw tooMuch();
    this.#bytes.set(holder, bytes);
    this.#total += grownBytes;
  }

  /** It waits for its client, behind all others that do. */
  wait(holder: Holder): void {
    this.#waiting.delete(holder);
    if (this.#bytes.has(holder)) this.#waiting.add(holder);
  }

  /** It is over, or holds nothing any more. */
  release(holder: Holder): void {
    this.#waiting.delete(holder);
    this.#total -= this.#bytes.get(holder) ?? 0;
    this.#bytes.delete(holder);
  }
}

/** What the client of a message hears that had to give up, or finds no room. */
export function tooMuch(): Refusal {
  return new Refusal(452, '4.3.1', 'Too many messages at once, try again later', 'memory for messages that come in is used up');
}
