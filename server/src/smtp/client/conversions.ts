/**
 * Room for messages that are converted for servers without 8BITMIME. A converted message lies in memory until it is sent, so all connections of a process share one
 * bound. Small messages have room of their own: a few slow servers with large ones do not keep them waiting.
 */

/** Octets that conversions hold together: what they read and what they make. */
export interface ConversionRoom {
  readonly large: number;
  readonly small: number;
  /** For how long one waits for room before it is tried at another time. */
  readonly patienceMs: number;
}

const MIB = 2 ** 20;
const STANDARD: ConversionRoom = { large: 128 * MIB, small: 32 * MIB, patienceMs: 30_000 };
/** Messages up to this size are small. */
const SMALL_BYTES = MIB;
/** Quoted-printable makes at most three octets of one, and while it does so both are there. */
const GROWTH = 4;

interface Waiting {
  readonly bytes: number;
  begin(): void;
}

export class Conversions {
  readonly #patienceMs: number;
  readonly #small: Room;
  readonly #large: Room;

  constructor({ large, small, patienceMs }: ConversionRoom = STANDARD) {
    this.#patienceMs = patienceMs;
    this.#small = new Room(small);
    this.#large = new Room(large);
  }

  /** Room for a message of so many octets, until it is disposed of; undefined where none came free in time. */
  async room(sizeBytes: number): Promise<Disposable | undefined> {
    return await (sizeBytes <= SMALL_BYTES ? this.#small : this.#large).take(sizeBytes * GROWTH, this.#patienceMs);
  }
}

class Room {
  readonly #limit: number;
  #free: number;
  /** In the order in which they came: the largest is not passed by for ever. */
  readonly #waiting: Waiting[] = [];

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
    this.#free = limitBytes;
  }

  take(wanted: number, patienceMs: number): Promise<Disposable | undefined> {
    // More than there is takes all of it.
    const bytes = Math.min(wanted, this.#limit);
    return new Promise((resolve) => {
      const one: Waiting = {
        bytes,
        begin: () => {
          clearTimeout(timer);
          resolve(this.#held(bytes));
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        resolve(undefined);
        // The next may be smaller.
        this.#admit();
      }, patienceMs).unref();
      this.#waiting.push(one);
      this.#admit();
    });
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined && first.bytes <= this.#free; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= first.bytes;
      first.begin();
    }
  }

  #held(bytes: number): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#free += bytes;
        this.#admit();
      },
    };
  }
}
