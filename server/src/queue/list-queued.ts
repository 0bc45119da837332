/**
 * Pages of the queue for the administrator, in the order of ids, which is that of time. A page looks at a bounded number of messages however many wait: with filters
 * that fit few of them it may come out short, and `next` says where to go on.
 */
import type { AccountId } from '#core/ids.ts';
import { forwarderOf } from '#directory/forward-outcomes.ts';
import { all, one, type Program, sql } from '#store/sql.ts';
import { type MessageRow, type QueuedMessage, type QueuedRecipient, type RecipientRow, toMessage, toRecipient } from './queue-rows.ts';

export type QueueState = 'waiting' | 'held' | 'trying';

export interface QueueFilter {
  readonly state?: QueueState | undefined;
  /** Of recipients; lower-case A-labels. */
  readonly domain?: string | undefined;
  /** The whole reverse-path, or `@domain` for everybody there. */
  readonly sender?: string | undefined;
  readonly account?: AccountId | undefined;
  /** Without mail of the account that forwards of others have sent on: where to is theirs to know. */
  readonly isForItsOwner?: boolean | undefined;
}

export interface Queued {
  readonly message: QueuedMessage;
  readonly recipients: readonly QueuedRecipient[];
}

export interface QueuePage {
  readonly queued: readonly Queued[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** Messages that one page looks at. */
const MOST_LOOKS = 500;
/** Recipients that one page reads; a message that has more than are left is still whole. */
const MOST_ROWS = 2000;
/** More than all schedulers together have in hand. */
const MOST_LEASES = 50_000;

/** A page of at most `limit` messages behind the id `after` ('' from the beginning), each with all of its recipients that wait. */
export function* listQueued(filter: QueueFilter, after: string, limit: number): Program<QueuePage> {
  const looks = Math.min(MOST_LOOKS, isFiltered(filter) ? MOST_LOOKS : limit);
  const { ids, next } = yield* candidates(filter, after, looks);
  const queued: Queued[] = [];
  let rows = 0;
  for (const [index, queueId] of ids.entries()) {
    const entry = yield* readWhole(queueId);
    rows += entry?.recipients.length ?? 0;
    if (entry && fits(entry, filter)) queued.push(entry);
    const isLast = index === ids.length - 1 && next === undefined;
    if (!isLast && (queued.length >= limit || rows >= MOST_ROWS)) return { queued, next: queueId };
  }
  return { queued, next };
}

function isFiltered({ state, domain, sender, account }: QueueFilter): boolean {
  return state !== undefined || domain !== undefined || sender !== undefined || account !== undefined;
}

interface Candidates {
  readonly ids: readonly string[];
  /** Behind which id to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** Ids by the narrowest index that the filter has. */
function* candidates({ state, domain, account }: QueueFilter, after: string, limit: number): Program<Candidates> {
  if (state === 'trying')
    return upTo(
      limit,
      yield* all<IdRow>(
        // By the index of leases, which are few: the order by id alone would walk everything that waits.
        sql`SELECT queue_id FROM (SELECT queue_id FROM queue_recipient WHERE lease_owner > '' ORDER BY lease_owner LIMIT ${MOST_LEASES})
            WHERE queue_id > ${after} GROUP BY queue_id ORDER BY queue_id LIMIT ${limit}`,
      ),
    );
  if (domain !== undefined) return yield* ofDomain(domain, after, limit);
  if (state === 'held')
    return upTo(
      limit,
      yield* all<IdRow>(sql`SELECT DISTINCT queue_id FROM queue_recipient WHERE held = 1 AND queue_id > ${after} ORDER BY queue_id LIMIT ${limit}`),
    );
  if (account !== undefined)
    return upTo(
      limit,
      yield* all<IdRow>(sql`SELECT queue_id FROM queue_message WHERE account = ${account} AND queue_id > ${after} ORDER BY queue_id LIMIT ${limit}`),
    );
  return upTo(limit, yield* all<IdRow>(sql`SELECT queue_id FROM queue_message WHERE queue_id > ${after} ORDER BY queue_id LIMIT ${limit}`));
}

interface IdRow {
  readonly queue_id: string;
}

function upTo(limit: number, found: readonly IdRow[]): Candidates {
  const ids = found.map(({ queue_id }) => queue_id);
  return { ids, next: ids.length < limit ? undefined : ids.at(-1) };
}

/**
 * The index by domain is one after the other of stretches of time (migration 0017), so that the stretches in which mail waits are leapt through, 3,844 of them at the
 * most: four hours. Each step of the recursion makes one row and the index gives a stretch's ids in order, so they come in the order of ids without being sorted.
 */
function* ofDomain(domain: string, after: string, limit: number): Program<Candidates> {
  const first = yield* one<StretchRow>(
    sql`SELECT substr(queue_id, 1, 6) AS stretch FROM queue_recipient WHERE substr(queue_id, 1, 6) >= ${after.slice(0, 6)} ORDER BY substr(queue_id, 1, 6) LIMIT 1`,
  );
  if (!first) return { ids: [], next: undefined };
  const last = `${first.stretch.slice(0, 4)}zz`;
  const found = yield* all<IdRow>(
    sql`WITH RECURSIVE stretch (name) AS (
          VALUES (${first.stretch})
          UNION ALL
          SELECT (SELECT substr(queue_id, 1, 6) FROM queue_recipient
                  WHERE substr(queue_id, 1, 6) > stretch.name AND substr(queue_id, 1, 6) <= ${last} ORDER BY substr(queue_id, 1, 6) LIMIT 1)
          FROM stretch WHERE stretch.name IS NOT NULL
        )
        SELECT DISTINCT queue_id FROM stretch CROSS JOIN queue_recipient INDEXED BY queue_domain
        ON substr(queue_id, 1, 6) = stretch.name AND domain = ${domain} AND queue_id > ${after} LIMIT ${limit}`,
  );
  const ids = found.map(({ queue_id }) => queue_id);
  if (ids.length === limit) return { ids, next: ids.at(-1) };
  const following = yield* one<StretchRow>(
    sql`SELECT substr(queue_id, 1, 6) AS stretch FROM queue_recipient WHERE substr(queue_id, 1, 6) > ${last} ORDER BY substr(queue_id, 1, 6) LIMIT 1`,
  );
  // The name of a stretch goes before every id in it.
  return { ids, next: following?.stretch };
}

interface StretchRow {
  readonly stretch: string;
}

function* readWhole(queueId: string): Program<Queued | undefined> {
  const [row] = yield* all<MessageRow>(sql`SELECT * FROM queue_message WHERE queue_id = ${queueId}`);
  if (!row) return undefined;
  const found = yield* all<RecipientRow>(sql`SELECT * FROM queue_recipient WHERE queue_id = ${queueId} ORDER BY n`);
  return { message: toMessage(row), recipients: found.map(toRecipient) };
}

function fits({ message, recipients }: Queued, { state, domain, sender, account, isForItsOwner }: QueueFilter): boolean {
  if (account !== undefined && message.account !== account) return false;
  if (isForItsOwner === true && message.forward !== undefined && forwarderOf(message.forward) !== account) return false;
  if (sender !== undefined && !isFrom(message.sender.toLowerCase(), sender.toLowerCase())) return false;
  return (
    (state === undefined && domain === undefined) ||
    recipients.some((recipient) => (state === undefined || stateOf(recipient) === state) && (domain === undefined || recipient.domain === domain))
  );
}

function isFrom(address: string, sender: string): boolean {
  return sender.startsWith('@') ? address.endsWith(sender) : address === sender;
}

export function stateOf({ isHeld, isLeased }: QueuedRecipient): QueueState {
  return isLeased ? 'trying' : isHeld ? 'held' : 'waiting';
}
