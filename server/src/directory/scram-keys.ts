/**
 * SCRAM-SHA-256 keys. They are made only for passwords that the server itself generated: PBKDF2 would undo argon2id for chosen ones.
 *
 * RFC 5802 §3 · RFC 7677 §4 (at least 4,096 iterations: enough, since a generated password has 99 bits)
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** The same for everybody, real or fake, or it would tell them apart. */
export const SCRAM_ITERATIONS = 4096;
export const SCRAM_SALT_BYTES = 16;

export interface StoredScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The keys of a (prepared) password under a fresh salt. */
export async function makeScramKeys(password: string): Promise<StoredScramKeys> {
  const salt = randomBytes(SCRAM_SALT_BYTES);
  const salted = await promisify(pbkdf2)(password, salt, SCRAM_ITERATIONS, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return {
    salt,
    iterations: SCRAM_ITERATIONS,
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
  };
}

/** Keys for a name that has none: the salt is always the same for the same name, and no proof fits. */
export function fakeScramKeys(secret: Uint8Array, name: string): StoredScramKeys {
  const digest = (purpose: string): Buffer => createHmac('sha256', secret).update(`${purpose}\0${name}`).digest();
  return { salt: digest('salt').subarray(0, SCRAM_SALT_BYTES), iterations: SCRAM_ITERATIONS, storedKey: digest('stored'), serverKey: digest('server') };
}
