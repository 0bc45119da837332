/** The address by which a target agrees to a forward: `forward-confirm+CODE@domain`, and codes. */
import { randomFillSync } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 16;
const PREFIX = 'forward-confirm+';

/** 80 random bits, as 16 letters and digits that nobody confuses (no 0, 1, 8, 9) and no case matters to. */
export function newConfirmationCode(): string {
  return Array.from(randomFillSync(Buffer.alloc(LENGTH)), (octet) => ALPHABET[octet & 31]).join('');
}

export function confirmationLocalPart(code: string): string {
  return `${PREFIX}${code}`;
}

/** The code in a local part; undefined where it has none. */
export function confirmationCode(localPart: string): string | undefined {
  return /^forward-confirm\+([a-z2-7]{16})$/i.exec(localPart)?.[1]?.toLowerCase();
}
