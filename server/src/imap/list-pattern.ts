/**
 * Patterns of LIST and LSUB: `*` is any characters, `%` any but the separator; INBOX in any case.
 *
 * All ways to match are followed at once, so the time is at most length of the name times length of the pattern, whatever the pattern.
 *
 * RFC 9051 §6.3.9
 */
import { SEPARATOR } from './wire/mailbox-name.ts';

const INBOX = 'INBOX';

/** Whether `name` (canonical) matches `pattern`. */
export function matchesPattern(pattern: string, name: string): boolean {
  const length = pattern.length;
  // reachable[p]: the name so far can be matched by the first p characters of the pattern.
  let reachable = new Uint8Array(length + 1);
  let next = new Uint8Array(length + 1);
  reachable[0] = 1;
  skipWildcards(pattern, reachable);
  const foldUpTo = name === INBOX || name.startsWith(INBOX + SEPARATOR) ? INBOX.length : 0;
  for (let n = 0; n < name.length; n++) {
    const character = name[n] ?? '';
    next.fill(0);
    let isAlive = false;
    for (let p = 0; p < length; p++) {
      if (reachable[p] !== 1) continue;
      const expected = pattern[p] ?? '';
      if (expected === '*' || (expected === '%' && character !== SEPARATOR)) next[p] = 1;
      else if (expected === character || (n < foldUpTo && expected.toUpperCase() === character)) next[p + 1] = 1;
      else continue;
      isAlive = true;
    }
    if (!isAlive) return false;
    skipWildcards(pattern, next);
    [reachable, next] = [next, reachable];
  }
  return reachable[length] === 1;
}

/** A wildcard may stand for nothing. */
function skipWildcards(pattern: string, reachable: Uint8Array): void {
  for (let p = 0; p < pattern.length; p++) {
    if (reachable[p] === 1 && (pattern[p] === '*' || pattern[p] === '%')) reachable[p + 1] = 1;
  }
}

/** The names above a name: `a/b/c` gives `a`, `a/b`. */
export function parentsOf(name: string): string[] {
  const parents: string[] = [];
  for (let at = name.indexOf(SEPARATOR); at > 0; at = name.indexOf(SEPARATOR, at + 1)) parents.push(name.slice(0, at));
  return parents;
}
