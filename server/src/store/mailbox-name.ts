/** Names of mailboxes: paths of components, separated by '/', in NFC. RFC 9051 §5.1, §6.3.4 · RFC 5198 */
import { DomainError } from '#core/errors.ts';

export const SEPARATOR = '/';
const NAME_BYTES = 1000;
const DEPTH = 32;

/**
 * The name as it is stored: NFC, INBOX in capitals (also as the first component). Throws `mailbox-name-invalid` for what no mailbox may be called:
 * empty or dotted components, control characters, line separators, more than 1,000 octets or 32 levels.
 */
export function mailboxName(text: string): string {
  if (!text.isWellFormed()) throw invalid('it is not proper Unicode');
  const name = text.normalize('NFC');
  if (Buffer.byteLength(name) > NAME_BYTES) throw invalid('it is too long');
  // C0, DEL, C1, and the separators that RFC 5198 rules out.
  if (/[\p{Cc}\u2028\u2029]/u.test(name)) throw invalid('it has a control character');
  const components = name.split(SEPARATOR);
  if (components.length > DEPTH) throw invalid('it has too many levels');
  if (components.some((component) => component === '')) throw invalid('a level has no name');
  if (components[0]?.toUpperCase() === 'INBOX') components[0] = 'INBOX';
  return components.join(SEPARATOR);
}

/** The names above: `a/b/c` gives `a`, `a/b`. */
export function parentNames(name: string): string[] {
  const components = name.split(SEPARATOR);
  return components.slice(1).map((_, index) => components.slice(0, index + 1).join(SEPARATOR));
}

/** What every name below begins with, and the first string after all of them. */
export function childRange(name: string): { readonly from: string; readonly before: string } {
  return { from: `${name}/`, before: `${name}0` };
}

function invalid(why: string): DomainError {
  return new DomainError('mailbox-name-invalid', `the mailbox cannot have this name: ${why}`);
}
