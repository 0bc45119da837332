/** What travels between those who want a message signed and the threads that do it. */
import type { SigningKey } from '#authenticity/dkim/keys.ts';

export interface SignOrder {
  /** The message, or its header where the body's hash is given. They are moved to the thread: whoever gives them has them no longer. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Where the header ends, its empty line included. */
  readonly headerEnd: number;
  /** SHA-256 of the body in relaxed form; undefined: the body stands behind the header. */
  readonly bodyHash: Uint8Array | undefined;
  readonly keys: readonly SigningKey[];
  readonly signedAtMs: number;
}

export interface SignRequest {
  readonly id: number;
  readonly order: SignOrder;
}

export type SignAnswer = { readonly id: number; readonly fields: Uint8Array } | { readonly id: number; readonly error: string };
