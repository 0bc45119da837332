/**
 * Which mailboxes a LIST shows, and how.
 *
 * RFC 5258 §3, §4 · RFC 9051 §6.3.9, §7.3.1 · RFC 3501 §6.3.9 (LSUB)
 */
import type { MailboxInfo } from '#store/list-mailboxes.ts';
import { Pace } from './fetch/pace.ts';
import { matchesPattern, parentsOf } from './list-pattern.ts';
import type { Session } from './session.ts';
import { SEPARATOR } from './wire/mailbox-name.ts';

export interface ListSelection {
  readonly subscribed: boolean;
  readonly specialUse: boolean;
  readonly recursiveMatch: boolean;
}

export interface Listed {
  readonly name: string;
  /** Undefined for a name that is not a mailbox: a level above one, or a subscription that has outlived its mailbox. */
  readonly row: MailboxInfo | undefined;
  readonly hasChildren: boolean;
  readonly isSubscribed: boolean;
  /** Selection options that mailboxes below it meet (RECURSIVEMATCH): CHILDINFO. */
  readonly childInfo: readonly string[];
}

interface Question {
  readonly mailboxes: readonly MailboxInfo[];
  readonly subscribed: ReadonlySet<string>;
  /** With the reference in front. */
  readonly patterns: readonly string[];
  readonly selection: ListSelection;
}

/** The names to show: INBOX first, then by name. Others get their turn meanwhile: thousands of names and hostile patterns take their time. */
export async function* listMailboxes({ mailboxes, subscribed, patterns, selection }: Question): AsyncGenerator<Listed> {
  const pace = new Pace();
  const rows = new Map(mailboxes.map((row) => [row.name, row]));
  const withChildren = new Set(mailboxes.flatMap(({ name }) => parentsOf(name)));
  const isChosen = (name: string): boolean =>
    (!selection.subscribed || subscribed.has(name)) && (!selection.specialUse || (rows.get(name)?.specialUse ?? '') !== '');
  const chosen = [...new Set([...rows.keys(), ...(selection.subscribed ? subscribed : [])])].filter(isChosen);
  const isShown = (name: string): boolean => patterns.some((pattern) => matchesPattern(pattern, name));
  const aboveChosen = new Set<string>();
  for (const name of selection.recursiveMatch ? chosen : []) {
    if (pace.isDue()) await pace.rest();
    // Only for those below that the reply does not show themselves.
    if (!isShown(name)) for (const parent of parentsOf(name)) aboveChosen.add(parent);
  }
  const candidates = new Set([...chosen, ...aboveChosen]);
  // A plain LIST shows levels that are no mailboxes themselves only where the pattern stops at them (RFC 9051 §6.3.9: `%` at its end).
  const isPlain = !selection.subscribed && !selection.specialUse;
  if (isPlain && patterns.some((pattern) => pattern.endsWith('%'))) for (const name of withChildren) candidates.add(name);
  const childInfo = [...(selection.subscribed ? ['SUBSCRIBED'] : []), ...(selection.specialUse ? ['SPECIAL-USE'] : [])];
  for (const name of [...candidates].sort(byName)) {
    if (pace.isDue()) await pace.rest();
    if (!isShown(name)) continue;
    yield {
      name,
      row: rows.get(name),
      hasChildren: withChildren.has(name),
      isSubscribed: subscribed.has(name),
      childInfo: aboveChosen.has(name) ? childInfo : [],
    };
  }
}

/** What LSUB shows: subscribed names; above them, names that are not, where `%` stops there. RFC 3501 §6.3.9 */
export async function* listSubscribed({ mailboxes, subscribed, patterns }: Omit<Question, 'selection'>): AsyncGenerator<Listed> {
  const pace = new Pace();
  const rows = new Map(mailboxes.map((row) => [row.name, row]));
  const candidates = new Set(subscribed);
  if (patterns.some((pattern) => pattern.endsWith('%'))) for (const name of [...subscribed].flatMap(parentsOf)) candidates.add(name);
  for (const name of [...candidates].sort(byName)) {
    if (pace.isDue()) await pace.rest();
    if (!patterns.some((pattern) => matchesPattern(pattern, name))) continue;
    const isSubscribed = subscribed.has(name);
    yield { name, row: isSubscribed ? rows.get(name) : undefined, hasChildren: !isSubscribed, isSubscribed, childInfo: [] };
  }
}

/** The untagged reply to LIST; `showsSubscribed` adds \Subscribed where it is so. Clients that do not ask for more may not know \NonExistent (RFC 5258 §3.4). */
export function listLine(
  session: Session,
  listed: Listed,
  { isExtended, showsSubscribed }: { readonly isExtended: boolean; readonly showsSubscribed: boolean },
): string {
  const { row, childInfo } = listed;
  const attributes: string[] = [];
  if (row === undefined && isExtended) attributes.push('\\NonExistent');
  else if (row?.isSelectable !== true) attributes.push('\\Noselect');
  if (showsSubscribed && listed.isSubscribed) attributes.push('\\Subscribed');
  attributes.push(listed.hasChildren ? '\\HasChildren' : '\\HasNoChildren');
  if (row !== undefined && row.specialUse !== '') attributes.push(row.specialUse);
  const extended = childInfo.length === 0 ? '' : ` ("CHILDINFO" (${childInfo.map((option) => `"${option}"`).join(' ')}))`;
  return `LIST (${attributes.join(' ')}) "${SEPARATOR}" ${session.nameOnWire(listed.name)}${extended}`;
}

/** The untagged reply to LSUB. */
export function lsubLine(session: Session, { name, row }: Listed): string {
  return `LSUB (${row?.isSelectable === true ? '' : '\\Noselect'}) "${SEPARATOR}" ${session.nameOnWire(name)}`;
}

function byName(a: string, b: string): number {
  if (a === b) return 0;
  if (a === 'INBOX') return -1;
  if (b === 'INBOX') return 1;
  return a < b ? -1 : 1;
}
