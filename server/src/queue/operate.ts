/** What the administrator does to queued mail: hold, release, retry, drop. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { run, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';
import { addressText } from './path-text.ts';
import { readQueued } from './queue-rows.ts';
import { removeRecipients } from './settle.ts';

export interface OperateArgs {
  /** At most 100. */
  readonly queueIds: readonly string[];
  readonly nowMs: number;
}

/** All return how many recipients were changed. */
type Operation = Mutation<OperateArgs, number>;

/** Keeps messages from being tried until they are released; an attempt that is under way goes on. */
export const holdQueued: Operation = defineMutation('queue.hold', function* (_tx, args: OperateArgs) {
  let changed = 0;
  for (const queueId of args.queueIds)
    changed += yield* run(
      sql`UPDATE queue_recipient SET held = 1, due_at = CASE WHEN lease_owner IS NULL THEN NULL ELSE due_at END WHERE queue_id = ${queueId} AND held = 0`,
    );
  return changed;
});

/** Lets held messages be tried again, at once. */
export const releaseQueued: Operation = defineMutation('queue.release', function* (tx, args: OperateArgs) {
  let changed = 0;
  for (const queueId of args.queueIds)
    changed += yield* run(
      sql`UPDATE queue_recipient SET held = 0, due_at = CASE WHEN lease_owner IS NULL THEN 0 ELSE due_at END WHERE queue_id = ${queueId} AND held = 1`,
    );
  tx.notify('queue');
  return changed;
});

/** Tries messages at once, also where their destination has just failed. Held ones stay held. */
export const retryQueued: Operation = defineMutation('queue.retry', function* (tx, args: OperateArgs) {
  let changed = 0;
  for (const queueId of args.queueIds)
    changed += yield* run(sql`UPDATE queue_recipient SET due_at = 0 WHERE queue_id = ${queueId} AND held = 0 AND lease_owner IS NULL`);
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
    const addresses = recipients.map(({ localPart, domain }) => ({ address: addressText(localPart, domain) }));
    yield* record(tx, { event: 'dropped', atMs: args.nowMs, queueId, by: message.account, sender: message.sender, recipients: addresses });
    changed += removed;
  }
  return changed;
});
