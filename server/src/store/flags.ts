/**
 * Flags and keywords of an entry as one number: bits 0 to 4 are the system flags, bits 5 to 51 the account's keywords in the order of their first use
 * (table `keyword`). A safe integer, so it can be held in a Float64Array; SQLite does the bit operations on whole columns.
 *
 * RFC 9051 §2.3.2
 */

export const SEEN = 0;
export const ANSWERED = 1;
export const FLAGGED = 2;
export const DELETED = 3;
export const DRAFT = 4;
export const FIRST_KEYWORD = 5;
/** Keywords that an account can have at one time. Unused ones are given up when a new one needs the place. */
export const KEYWORD_LIMIT = 47;

export const SYSTEM_FLAGS: readonly string[] = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'];

/** The number with just this bit. */
export function bit(index: number): number {
  return 2 ** index;
}

/** Whether a flag set has a bit. */
export function hasFlag(flags: number, index: number): boolean {
  return index < 31 ? ((flags % 2 ** 31) & (1 << index)) !== 0 : Math.floor(flags / 2 ** index) % 2 === 1;
}
