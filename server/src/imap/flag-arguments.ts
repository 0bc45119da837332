/**
 * Flags as STORE and APPEND name them, sorted into system flags and keywords.
 *
 * RFC 9051 §2.3.2 · RFC 3501 §2.3.2
 */
import { bit, SYSTEM_FLAGS, union } from '#store/flags.ts';
import { ImapError } from './command.ts';

export interface NamedFlags {
  /** System flags, as bits. */
  readonly flags: number;
  readonly keywords: readonly string[];
}

/** Names of one command: more than an account can have at all. */
const NAME_LIMIT = 1000;
const systemFlags: ReadonlyMap<string, number> = new Map(SYSTEM_FLAGS.map((name, index) => [name.toLowerCase(), bit(index)]));

/** Throws BAD for a system flag that does not exist. \Recent is passed over: clients send back what FETCH showed them, and it cannot be changed. */
export function namedFlags(names: readonly string[]): NamedFlags {
  if (names.length > NAME_LIMIT) throw new ImapError('BAD', 'Too many flags', 'LIMIT');
  let flags = 0;
  const keywords = new Map<string, string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    const system = systemFlags.get(folded);
    if (system !== undefined) flags = union(flags, system);
    else if (!name.startsWith('\\')) keywords.set(folded, name);
    else if (folded !== '\\recent') throw new ImapError('BAD', `${name.slice(0, 40)} is not a flag`);
  }
  return { flags, keywords: [...keywords.values()] };
}
