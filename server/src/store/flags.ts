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

const HALF = 2 ** 26;

/** The flags of either set. Bit operators of the language see 32 bits only. */
export function union(a: number, b: number): number {
  return (Math.floor(a / HALF) | Math.floor(b / HALF)) * HALF + ((a % HALF) | (b % HALF));
}

/** The flags of `a` that are not in `b`. */
export function without(a: number, b: number): number {
  return (Math.floor(a / HALF) & ~Math.floor(b / HALF)) * HALF + ((a % HALF) & ~(b % HALF));
}

/** The bits of the keywords in a set, ascending. */
export function keywordBits(flags: number): number[] {
  const bits: number[] = [];
  let rest = Math.floor(flags / 2 ** FIRST_KEYWORD);
  for (let index = FIRST_KEYWORD; rest > 0; index++) {
    if (rest % 2 === 1) bits.push(index);
    rest = Math.floor(rest / 2);
  }
  return bits;
}
