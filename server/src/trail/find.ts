/**
 * Questions to the trail: by Message-ID, by the id of the SMTP reply, by address; for the administrator, and for an account about its own mail. The answers are
 * stories: all that happened to one message, from its arrival to its deletion.
 */
import type { AccountId, EmailId } from '#core/ids.ts';
import type { Store } from '#store/store.ts';
import { emailsAmong, keysForEmail } from './emails.ts';
import { accountKey, keysOf, parentOf, textKey, type TrailEntry } from './entry.ts';
import { isOwn, ownView } from './own-view.ts';
import { assemble, byTime, copiesIn, EVENTS, ROUNDS, type Story } from './story.ts';
import { type Extent, readExtent, searchTrail, trailAtTime } from './read-trail.ts';

export interface TrailSpan {
  /** Messages of which something happened between these times; their stories are told whole. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The newest so many messages. */
  readonly limit?: number;
}

const LIMIT = 20;
const MOST = 200;
/** Events with the key that are looked at: a busy address or account has many for each message. */
const LOOKED = 20_000;
/** Events of mail that are looked at. */
const CHANGES = 5000;
/** Copies of messages here whose fate is followed. */
const COPIES = 300;
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
  const ids = new Set(seeds.toSorted((a, b) => b.trail - a.trail).map(idOf));
  const newest = new Set([...ids].slice(0, limit));
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
  for (const entry of events.values()) for (const email of copiesIn(entry)) if (copies.size < COPIES) copies.add(email);
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
  return mail.emails === '' || emailsAmong(mail.account, mail.emails, copies).length > 0;
}
