/**
 * Passwords: argon2id in PHC strings, off the event loop; and passwords that the server makes.
 *
 * RFC 9106 (argon2id; 19 MiB, 2 passes, 1 lane) · RFC 8265 §4.2 (OpaqueString)
 */
import { argon2, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { DomainError } from '#core/errors.ts';

const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const PARALLELISM = 1;
const TAG_BYTES = 32;
/** Octets of a password in UTF-8. */
const PASSWORD_LIMIT = 1024;
// Bounds for stored strings that were imported: beyond them a sign-in would be an attack on ourselves.
const MEMORY_LIMIT_KIB = 256 * 1024;
const PASSES_LIMIT = 20;

interface Hash {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** The password as it is compared: NFC, any space is U+0020. Undefined where it can't be one: empty, too long, with control characters. */
export function preparePassword(password: string): string | undefined {
  const prepared = password.normalize('NFC').replace(/\p{Zs}/gu, ' ');
  return prepared === '' || Buffer.byteLength(prepared) > PASSWORD_LIMIT || /\p{Cc}/u.test(prepared) ? undefined : prepared;
}

/** The password as it is compared. Throws `password-invalid` where it can't be one. */
export function checkPassword(password: string): string {
  const prepared = preparePassword(password);
  if (prepared === undefined) throw new DomainError('password-invalid', `a password has 1 to ${PASSWORD_LIMIT} octets and no control characters`);
  return prepared;
}

/** A PHC string to store. Throws `password-invalid`. */
export async function hashPassword(password: string): Promise<string> {
  const prepared = checkPassword(password);
  const salt = randomBytes(16);
  const tag = await derive(prepared, { memoryKib: MEMORY_KIB, passes: PASSES, parallelism: PARALLELISM, salt, tag: Buffer.alloc(TAG_BYTES) });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}$${base64(salt)}$${base64(tag)}`;
}

/** Whether a prepared password is the one of a PHC string. With an empty or unreadable string it takes the usual time and answers no. */
export async function verifyPassword(prepared: string, phc: string): Promise<boolean> {
  const hash = parsePhc(phc);
  const tag = await derive(prepared, hash ?? NOBODY);
  return hash !== undefined && timingSafeEqual(tag, hash.tag);
}

/** Something hard to guess and easy to type: four groups of five letters and digits that do not look alike, 99 bits. */
export function generatePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

const NOBODY: Hash = { memoryKib: MEMORY_KIB, passes: PASSES, parallelism: PARALLELISM, salt: Buffer.alloc(16, 'nobody'), tag: Buffer.alloc(TAG_BYTES) };

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parsePhc(phc: string): Hash | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(phc) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const hash = {
    memoryKib: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  const isSane =
    hash.parallelism >= 1 &&
    hash.parallelism <= 16 &&
    hash.passes >= 1 &&
    hash.passes <= PASSES_LIMIT &&
    hash.memoryKib >= 8 * hash.parallelism &&
    hash.memoryKib <= MEMORY_LIMIT_KIB;
  return isSane ? hash : undefined;
}

function derive(password: string, hash: Hash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parameters = {
      message: password,
      nonce: hash.salt,
      parallelism: hash.parallelism,
      tagLength: hash.tag.length,
      memory: hash.memoryKib,
      passes: hash.passes,
    };
    argon2('argon2id', parameters, (error, tag) => {
      if (error) reject(error);
      else resolve(tag);
    });
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
