/** What the administrator does to queued mail: hold, release, retry, drop. All of it is in the trail, with who did it. */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { record, type TrailEventName } from '#trail/record.ts';
import { holdMessage, releaseMessage } from './hold.ts';
import { addressText } from './path-text.ts';
import { readQueued } from './queue-rows.ts';
import { removeRecipients } from './settle.ts';

export interface OperateArgs {
  /** At most 100. */
  readonly queueIds: readonly string[];
  /** Who does it. */
  readonly actor: string;
  /** Only recipients of this domain; undefined: all. For `retry`. */
  readonly domain?: string | undefined;
  /** Why, in words; empty: not said. */
  readonly reason: string;
  readonly nowMs: number;
}

/** All return how many recipients were changed. */
type Operation = Mutation<OperateArgs, number>;

/** Keeps messages from being tried until they are released; an attempt that is under way goes on. */
export const holdQueued: Operation = defineMutation('queue.hold', function* (tx, args: OperateArgs) {
  const { actor, reason, nowMs } = args;
  let changed = 0;
  for (const queueId of args.queueIds) {
    const found = yield* headOf(queueId);
    if (found) changed += yield* holdMessage(tx, { queueId, ...found, actor, nowMs, hold: { kind: 'administrator', reason } });
  }
  return changed;
});

/** Lets held messages be tried again, at once. */
export const releaseQueued: Operation = defineMutation('queue.release', function* (tx, { queueIds, actor, nowMs }: OperateArgs) {
  let changed = 0;
  for (const queueId of queueIds) {
    const found = yield* headOf(queueId);
    if (found) changed += yield* releaseMessage(tx, { queueId, ...found, actor, nowMs });
  }
  tx.notify('queue');
  return changed;
});

/** Tries messages at once, also where their destination has just failed. Held ones stay held. */
export const retryQueued: Operation = defineMutation('queue.retry', function* (tx, args: OperateArgs) {
  const domain = args.domain ?? '';
  let changed = 0;
  for (const queueId of args.queueIds) {
    const found = yield* headOf(queueId);
    const addresses = yield* all<{ local_part: string; domain: string }>(
      sql`SELECT local_part, domain FROM queue_recipient WHERE queue_id = ${queueId} AND held = 0 AND lease_owner IS NULL AND (${domain} = '' OR domain = ${domain}) ORDER BY n`,
    );
    if (!found || addresses.length === 0) continue;
    changed += yield* run(
      sql`UPDATE queue_recipient SET due_at = 0, parked = NULL
          WHERE queue_id = ${queueId} AND held = 0 AND lease_owner IS NULL AND (${domain} = '' OR domain = ${domain})`,
    );
    const recipients = addresses.map(({ local_part, domain }) => addressText(local_part, domain));
    yield* tell(tx, 'retried', { queueId, ...found, recipients, args });
  }
  tx.notify('queue');
  return changed;
});

/** Removes messages without telling their senders; an attempt that is under way may still succeed. */
export const dropQueued: Operation = defineMutation('queue.drop', function* (tx, args: OperateArgs) {
  let changed = 0;
  for (const queueId of args.queueIds) {
    const found = yield* readQueued(queueId);
    if (found === undefined) continue;
    const { message, recipients } = found;
    const removed = yield* run(sql`DELETE FROM queue_recipient WHERE queue_id = ${queueId}`);
    yield* removeRecipients(new Map([[queueId, removed]]), args.nowMs);
    const addresses = recipients.map(({ localPart, domain }) => addressText(localPart, domain));
    yield* tell(tx, 'dropped', { queueId, account: message.account, sender: message.sender, recipients: addresses, args });
    changed += removed;
  }
  return changed;
});

function* headOf(queueId: string): Program<{ readonly account: AccountId | undefined; readonly sender: string } | undefined> {
  const row = yield* one<{ account: number | null; sender: string }>(sql`SELECT account, sender FROM queue_message WHERE queue_id = ${queueId}`);
  return row && { account: row.account === null ? undefined : (row.account as AccountId), sender: row.sender };
}

interface Operated {
  readonly queueId: string;
  readonly account: AccountId | undefined;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly args: OperateArgs;
}

function* tell(tx: Tx, event: TrailEventName, { queueId, account, sender, recipients, args }: Operated): Program<void> {
  const { actor, reason, nowMs } = args;
  const details = { actor, ...(reason !== '' && { reason }) };
  yield* record(tx, { event, atMs: nowMs, queueId, by: account, sender, recipients: recipients.map((address) => ({ address })), details });
}
