/** Puts events together to stories: which belong to one message, to the mail that forwards have made of it, and to its copies in mailboxes here. Pure. */
import { accountOf, type EmailId } from '#core/ids.ts';
import { emailsAmong, emailsOf } from './emails.ts';
import { parentOf, type TrailEntry } from './entry.ts';
import type { TrailValue } from './record.ts';

/** All that happened to one message. */
export interface Story {
  /** The id of the SMTP reply; empty for a message that a client has put into a mailbox. */
  readonly queueId: string;
  readonly messageId: string;
  /** In the order of time. */
  readonly entries: readonly TrailEntry[];
}

/** Events of one message. */
export const EVENTS = 1000;
/** How far forwards of forwards are followed. */
export const ROUNDS = 4;
/** Mailboxes that one message is followed in. */
const MAILBOXES = 50;

interface Gathered {
  readonly entries: TrailEntry[];
  /** Where each copy lies, as far as the events tell that are gathered by then. */
  readonly places: Map<EmailId, readonly Place[]>;
}

/** A mailbox. Deliveries tell only its name. */
interface Place {
  readonly id: TrailValue | undefined;
  readonly name: TrailValue | undefined;
}

/** The stories that these events tell, the oldest first. */
export function assemble(events: readonly TrailEntry[]): readonly Story[] {
  const inOrder = events.toSorted((a, b) => a.trail - b.trail);
  const rootOf = rootsIn(inOrder);
  const stories = new Map<string, Gathered>();
  /** The story that a copy is part of. */
  const owners = new Map<EmailId, Gathered>();
  for (const entry of inOrder) {
    const made = copiesIn(entry);
    if (entry.mail !== undefined && made.length === 0) {
      for (const story of new Set(emailsTouched(entry, owners).map((email) => owners.get(email)))) story?.entries.push(entry);
      continue;
    }
    const id = entry.queueId === '' ? `email ${made[0]}` : rootOf(entry.queueId);
    const story: Gathered = stories.get(id) ?? { entries: [], places: new Map() };
    stories.set(id, story);
    story.entries.push(entry);
    for (const email of made) {
      owners.set(email, story);
      story.places.set(email, [placeMade(entry, email)]);
    }
  }
  return [...stories.values()]
    .map(({ entries }) => entries.toSorted(byTime).slice(0, EVENTS))
    .map((entries) => ({
      queueId: rootOf(entries.find(({ queueId }) => queueId !== '')?.queueId ?? ''),
      messageId: entries.find(({ messageId }) => messageId !== '')?.messageId ?? '',
      entries,
    }))
    .toSorted((a, b) => (a.entries[0]?.trail ?? 0) - (b.entries[0]?.trail ?? 0));
}

/** The id of the message that started it, for the mail that forwards have made of it. */
function rootsIn(events: readonly TrailEntry[]): (queueId: string) => string {
  const parents = new Map<string, string>();
  for (const entry of events) {
    const parent = parentOf(entry);
    if (parent !== undefined && entry.queueId !== parent) parents.set(entry.queueId, parent);
  }
  return (queueId) => {
    let root = queueId;
    for (let steps = 0; steps < ROUNDS; steps++) root = parents.get(root) ?? root;
    return root;
  };
}

/** The copies that an event is about, and what it does to their places. A mailbox that goes takes those along that lie in it. */
function emailsTouched({ mail, event, details }: TrailEntry, owners: ReadonlyMap<EmailId, Gathered>): readonly EmailId[] {
  if (mail === undefined) return [];
  const { account, emails } = mail;
  const left: Place = event === 'moved' ? { id: details['fromId'], name: details['from'] } : { id: details['mailboxId'], name: details['mailbox'] };
  const placesOf = (email: EmailId): readonly Place[] => owners.get(email)?.places.get(email) ?? [];
  const touched =
    emails === ''
      ? [...owners.keys()].filter((email) => accountOf(email) === account && placesOf(email).some((place) => isSame(place, left)))
      : emailsAmong(account, emails, owners.keys());
  for (const email of touched) {
    const kept = event === 'moved' || event === 'deleted' ? placesOf(email).filter((place) => !isSame(place, left)) : placesOf(email);
    const added: readonly Place[] = event === 'moved' || event === 'filed' ? [{ id: details['toId'], name: details['to'] }] : [];
    owners.get(email)?.places.set(email, [...kept, ...added].slice(-MAILBOXES));
  }
  return touched;
}

function placeMade({ recipients, mail, details }: TrailEntry, email: EmailId): Place {
  if (mail !== undefined) return { id: details['toId'], name: details['to'] };
  return { id: undefined, name: recipients.find((recipient) => recipient.email === email)?.mailbox ?? 'INBOX' };
}

function isSame(a: Place, b: Place): boolean {
  return a.id === undefined || b.id === undefined ? a.name === b.name : a.id === b.id;
}

/** The copies that an event has made: deliveries here, and what clients append. */
export function copiesIn({ recipients, mail, event, messageId }: TrailEntry): readonly EmailId[] {
  if (mail !== undefined) return event === 'filed' && messageId !== '' ? emailsOf(mail.account, mail.emails, 1) : [];
  return recipients.flatMap(({ email }) => (email === undefined ? [] : [email]));
}

/** In the order of time. */
export function byTime(a: TrailEntry, b: TrailEntry): number {
  return a.atMs - b.atMs || a.trail - b.trail;
}
