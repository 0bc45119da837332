/**
 * What all threads must agree on about sign-ins: which passwords were right a short while ago, which were wrong, and how many failures there have been. Made
 * once in the main thread, handed to the workers in `workerData`.
 */
import { hash, randomBytes } from 'node:crypto';
import { allocateTable, type SharedTableMemory, type TableKey } from './shared-table.ts';

export interface SharedSignInState {
  /** Random for each start of the server: what lies in the tables says nothing about passwords to who reads them, and nobody can aim at a row. */
  readonly key: Uint8Array;
  /** useful until, account, credential version */
  readonly successes: SharedTableMemory;
  /** useful until, credential version */
  readonly failures: SharedTableMemory;
  /** theoretical arrival time: see sign-in-limits.ts */
  readonly limits: SharedTableMemory;
}

/** About 4 MiB. Call once, in the main thread. */
export function createSharedSignInState(): SharedSignInState {
  return { key: randomBytes(32), successes: allocateTable(32_768, 3), failures: allocateTable(16_384, 2), limits: allocateTable(65_536, 1) };
}

/** HMAC-SHA-256 (RFC 2104) under the process's key, cut to a table key. Two one-shot hashes: five times faster than an Hmac object. */
export class SignInDigest {
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  constructor(key: Uint8Array) {
    this.#inner = Buffer.alloc(64, 0x36);
    this.#outer = Buffer.alloc(64, 0x5c);
    for (const [index, byte] of key.entries()) {
      this.#inner[index] = 0x36 ^ byte;
      this.#outer[index] = 0x5c ^ byte;
    }
  }

  /** The parts must not contain NUL, except the last. */
  of(...parts: readonly string[]): TableKey {
    const inner = hash('sha256', Buffer.concat([this.#inner, Buffer.from(parts.join('\0'))]), 'buffer');
    const digest = hash('sha256', Buffer.concat([this.#outer, inner]), 'buffer');
    return { high: digest.readUIntBE(0, 6) + 1, low: digest.readUIntBE(6, 6) };
  }
}
