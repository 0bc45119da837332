/**
 * Questions to the trail: by Message-ID, by the id of the SMTP reply, by address; for the administrator, and for an account about its own mail. The answers are
 * stories: all that happened to one message, from its arrival to its deletion.
 */
import { type AccountId, accountOf, type EmailId } from '#core/ids.ts';
import type { Store } from '#store/store.ts';
import { emailsOf, hasEmail, keysForEmail } from './emails.ts';
import { accountKey, keysOf, parentOf, textKey, type TrailEntry } from './entry.ts';
import { isOwn, ownView } from './own-view.ts';
import type { TrailValue } from './record.ts';
import { type Extent, readExtent, searchTrail, trailAtTime } from './read-trail.ts';

export interface TrailSpan {
  /** Messages of which something happened between these times; their stories are told whole. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The newest so many messages. */
  readonly limit?: number;
}

/** All that happened to one message. */
export interface Story {
  /** The id of the SMTP reply; empty for a message that a client has put into a mailbox. */
  readonly queueId: string;
  readonly messageId: string;
  /** In the order of time. */
  readonly entries: readonly TrailEntry[];
}

const LIMIT = 20;
const MOST = 200;
/** Events with the key that are looked at: a busy address or account has many for each message. */
const LOOKED = 20_000;
/** Events of mail that are looked at. */
const CHANGES = 5000;
/** Events of one message, and copies of it here whose fate is followed. */
const EVENTS = 1000;
const COPIES = 100;
/** How far forwards of forwards are followed. */
const ROUNDS = 4;
/** Rows stand in the order of their times but for what came together. */
const SLACK_MS = 60_000;

/** The stories of the messages that a Message-ID, the id of an SMTP reply, or an address leads to, the oldest first. For the administrator. */
export async function findStories(store: Store, key: string, span: TrailSpan): Promise<readonly Story[]> {
  return await tellStories(store, textKey(key.trim()), span, () => true);
}

/**
 * What an account may know: of its own mail, without the others who got it too, and all of what it sent itself. With a key, of those messages only.
 */
export async function trailOf(store: Store, account: AccountId, span: TrailSpan, key?: string): Promise<readonly Story[]> {
  const wanted = key === undefined ? accountKey(account) : textKey(key.trim());
  const stories = await tellStories(store, wanted, span, (entry) => isOwn(entry, account));
  const own = stories.flatMap((story) => ownView(story, account));
  // Who asks for an address must not learn from the answer that it got a copy too: the key must be in what may be seen.
  return key === undefined ? own : own.filter(({ entries }) => entries.some((entry) => keysOf(entry).has(wanted)));
}

/** The events of those stories, in the order of time. */
export async function findTrail(store: Store, key: string, span: TrailSpan): Promise<readonly TrailEntry[]> {
  return (await findStories(store, key, span)).flatMap(({ entries }) => entries).toSorted(byTime);
}

/** Likewise, of `trailOf`. */
export async function findOwnTrail(store: Store, account: AccountId, span: TrailSpan): Promise<readonly TrailEntry[]> {
  return (await trailOf(store, account, span)).flatMap(({ entries }) => entries).toSorted(byTime);
}

async function tellStories(store: Store, key: string, span: TrailSpan, isWanted: (entry: TrailEntry) => boolean): Promise<readonly Story[]> {
  if (key === '') return [];
  const extent = await store.query(readExtent());
  const seeds = await findSeeds(store, extent, key, { ...span, isWanted });
  const events = new Map(seeds.map((entry) => [entry.trail, entry]));
  const fromTrail = await followIds(store, extent, events);
  await followCopies(store, { ...extent, first: Math.max(extent.first, fromTrail) }, events);
  return assemble([...events.values()]).slice(-limitOf(span));
}

function limitOf({ limit = LIMIT }: TrailSpan): number {
  return Math.min(Math.max(limit, 1), MOST);
}

/** The events that have the key themselves, of the newest messages. */
async function findSeeds(
  store: Store,
  extent: Extent,
  key: string,
  span: TrailSpan & { readonly isWanted: (entry: TrailEntry) => boolean },
): Promise<readonly TrailEntry[]> {
  const limit = limitOf(span);
  const seeds: TrailEntry[] = [];
  const messages = new Set<string>();
  let looked = 0;
  const fromTrail = await trailAtTime(store, extent, span.fromMs - SLACK_MS);
  await searchTrail(store, new Set([key]), {
    extent,
    fromTrail,
    take: (entry) => {
      looked++;
      // What is done to a message later is found from its story, not the other way round.
      if (entry.atMs >= span.fromMs && entry.atMs <= span.toMs && idOf(entry) !== '' && span.isWanted(entry)) {
        seeds.push(entry);
        messages.add(idOf(entry));
      }
      // What is not in the index yet comes the oldest first.
      return entry.trail > extent.indexed || (messages.size <= limit && looked < LOOKED);
    },
  });
  const newest = new Set(
    seeds
      .toSorted((a, b) => b.trail - a.trail)
      .map(idOf)
      .filter((id, index, ids) => ids.indexOf(id) === index)
      .slice(0, limit),
  );
  return seeds.filter((entry) => newest.has(idOf(entry)));
}

/** A name for the message that an event is about; empty where it does not say. */
function idOf({ queueId, messageId }: TrailEntry): string {
  return queueId === '' ? messageId : queueId;
}

/** Adds the other events of the messages, and of those that were made of them and that they were made of. Returns the first row that has to do with them. */
async function followIds(store: Store, extent: Extent, events: Map<number, TrailEntry>): Promise<number> {
  const known = new Set<string>();
  let first = Math.min(...events.keys(), extent.last + 1);
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = new Set<string>();
    for (const entry of events.values())
      for (const id of [entry.queueId, parentOf(entry) ?? '']) if (id !== '' && !known.has(id) && known.size + wanted.size < 4 * MOST) wanted.add(id);
    if (wanted.size === 0) break;
    for (const id of wanted) known.add(id);
    const counts = new Map<string, number>();
    await searchTrail(store, new Set([...wanted].map(textKey)), {
      extent,
      // The first events of a message lie before those by which it was found.
      fromTrail: extent.first,
      take: (entry) => {
        const count = (counts.get(entry.queueId) ?? 0) + 1;
        counts.set(entry.queueId, count);
        if ((wanted.has(entry.queueId) || wanted.has(parentOf(entry) ?? '')) && count <= EVENTS) events.set(entry.trail, entry);
        return true;
      },
    });
    first = Math.min(first, ...events.keys());
  }
  return first;
}

/** Adds what was done, later, to the copies of the messages that lie here. */
async function followCopies(store: Store, extent: Extent, events: Map<number, TrailEntry>): Promise<void> {
  const copies = new Set<EmailId>();
  for (const entry of events.values()) for (const email of copiesIn(entry)) if (copies.size < MOST + COPIES) copies.add(email);
  const keys = new Set([...copies].flatMap(keysForEmail));
  let count = 0;
  await searchTrail(store, keys, {
    extent,
    fromTrail: extent.first,
    take: (entry) => {
      if (concerns(entry, copies)) {
        events.set(entry.trail, entry);
        count++;
      }
      return count < CHANGES;
    },
  });
}

function concerns({ mail }: TrailEntry, copies: ReadonlySet<EmailId>): boolean {
  if (mail === undefined) return false;
  if (mail.emails === '') return true;
  for (const email of copies) if (hasEmail(mail.account, mail.emails, email)) return true;
  return false;
}

/** The copies that an event has made: deliveries here, and what clients append. */
function copiesIn({ recipients, mail, event, messageId }: TrailEntry): readonly EmailId[] {
  if (mail !== undefined) return event === 'filed' && messageId !== '' ? emailsOf(mail.account, mail.emails, 1) : [];
  return recipients.flatMap(({ email }) => (email === undefined ? [] : [email]));
}

/** Puts events together that belong to one message. */
function assemble(events: readonly TrailEntry[]): readonly Story[] {
  const parents = new Map<string, string>();
  for (const entry of events) {
    const parent = parentOf(entry);
    if (parent !== undefined && entry.queueId !== parent) parents.set(entry.queueId, parent);
  }
  const rootOf = (queueId: string): string => {
    let root = queueId;
    for (let steps = 0; steps < ROUNDS; steps++) root = parents.get(root) ?? root;
    return root;
  };
  const stories = new Map<string, { entries: TrailEntry[]; copies: Set<EmailId> }>();
  const storyOf = (id: string): { entries: TrailEntry[]; copies: Set<EmailId> } => {
    const known = stories.get(id);
    if (known !== undefined) return known;
    const made = { entries: [], copies: new Set<EmailId>() };
    stories.set(id, made);
    return made;
  };
  const inOrder = events.toSorted((a, b) => a.trail - b.trail);
  for (const entry of inOrder) {
    const appended = copiesIn(entry);
    if (entry.mail !== undefined && appended.length === 0) continue;
    const story = storyOf(entry.queueId === '' ? `email ${appended[0]}` : rootOf(entry.queueId));
    story.entries.push(entry);
    for (const email of appended) story.copies.add(email);
  }
  for (const story of stories.values()) {
    // An append is there already, as what made the copy.
    const made = new Set(story.entries);
    for (const entry of inOrder) if (entry.mail !== undefined && !made.has(entry) && happenedTo(entry, story)) story.entries.push(entry);
  }
  return [...stories.values()]
    .map(({ entries }) => ({ entries: entries.toSorted(byTime).slice(0, EVENTS) }))
    .map(({ entries }) => ({
      queueId: rootOf(entries.find(({ queueId }) => queueId !== '')?.queueId ?? ''),
      messageId: entries.find(({ messageId }) => messageId !== '')?.messageId ?? '',
      entries,
    }))
    .toSorted((a, b) => (a.entries[0]?.trail ?? 0) - (b.entries[0]?.trail ?? 0));
}

/** Whether an event about mail here is about one of the copies. A mailbox that goes takes those along that lie in it. */
function happenedTo(
  { mail, details, trail }: TrailEntry,
  { copies, entries }: { readonly copies: ReadonlySet<EmailId>; readonly entries: readonly TrailEntry[] },
): boolean {
  if (mail === undefined) return false;
  if (mail.emails !== '') return [...copies].some((email) => hasEmail(mail.account, mail.emails, email));
  const gone: Place = { id: details['mailboxId'], name: details['mailbox'] };
  return [...copies].some((email) => accountOf(email) === mail.account && placesBefore(entries, email, trail).some((place) => isSame(place, gone)));
}

/** A mailbox. Deliveries tell only its name. */
interface Place {
  readonly id: TrailValue | undefined;
  readonly name: TrailValue | undefined;
}

function isSame(a: Place, b: Place): boolean {
  return a.id === undefined || b.id === undefined ? a.name === b.name : a.id === b.id;
}

/** Where a message lies, as far as the events tell that are put together by then. */
function placesBefore(entries: readonly TrailEntry[], email: EmailId, before: number): readonly Place[] {
  let places: readonly Place[] = [];
  for (const { trail, event, recipients, mail, details } of entries) {
    if (trail >= before) continue;
    const filed = recipients.find((recipient) => recipient.email === email);
    if (filed !== undefined) places = [...places, { id: undefined, name: filed.mailbox ?? 'INBOX' }];
    if (mail === undefined || !hasEmail(mail.account, mail.emails, email)) continue;
    const left: Place = event === 'moved' ? { id: details['fromId'], name: details['from'] } : { id: details['mailboxId'], name: details['mailbox'] };
    if (event === 'moved' || event === 'deleted') places = places.filter((place) => !isSame(place, left));
    if (event === 'moved' || event === 'filed') places = [...places, { id: details['toId'], name: details['to'] }];
  }
  return places;
}

function byTime(a: TrailEntry, b: TrailEntry): number {
  return a.atMs - b.atMs || a.trail - b.trail;
}
