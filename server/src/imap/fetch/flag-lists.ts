/**
 * Flag sets as they are sent: `(\Seen \Flagged $Forwarded)`. A mailbox has few different sets, so each is rendered once and kept.
 *
 * RFC 9051 §2.3.2, §7.5.2 · RFC 3501 §2.3.2 (\Recent)
 */
import { latin1 } from '#core/bytes.ts';
import { FIRST_KEYWORD, hasFlag, SYSTEM_FLAGS } from '#store/flags.ts';

/** Sets kept at one time; a mailbox with more different ones starts over. */
const LIMIT = 4096;

export class FlagLists {
  /** Keyword names by bit; 0 to 4 are not used. */
  readonly #keywords: readonly (string | undefined)[];
  readonly #plain = new Map<number, Uint8Array>();
  readonly #recent = new Map<number, Uint8Array>();

  /** `keywords[bit]` is the name of a keyword. Make a new one when the account's keywords change. */
  constructor(keywords: readonly (string | undefined)[]) {
    this.#keywords = keywords;
  }

  /** The list with its parentheses. `isRecent` adds \Recent. */
  of(flags: number, isRecent: boolean = false): Uint8Array {
    const lists = isRecent ? this.#recent : this.#plain;
    const known = lists.get(flags);
    if (known !== undefined) return known;
    const names = flagNames(flags, this.#keywords);
    if (isRecent) names.push('\\Recent');
    const list = latin1(`(${names.join(' ')})`);
    if (lists.size >= LIMIT) lists.clear();
    lists.set(flags, list);
    return list;
  }
}

/** The names of the flags in a set, system flags first. */
export function flagNames(flags: number, keywords: readonly (string | undefined)[]): string[] {
  const names: string[] = [];
  SYSTEM_FLAGS.forEach((name, index) => {
    if (hasFlag(flags, index)) names.push(name);
  });
  for (let index = FIRST_KEYWORD; index < keywords.length; index++) {
    const name = keywords[index];
    if (name !== undefined && hasFlag(flags, index)) names.push(name);
  }
  return names;
}
