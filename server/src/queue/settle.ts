/** What attempts came to, written down: recipients that are done go, others get their next time. Notices that the queue itself sends come in the same mutation. */
import type { AccountId, BlobId } from '#core/ids.ts';
import { type ForwardOutcome, noteForwardOutcome } from '#directory/forward-outcomes.ts';
import { releaseBody } from '#store/blob-refs.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import { record, type TrailEvent } from '#trail/record.ts';
import { enqueue, type Outgoing } from './enqueue.ts';
import { fileNotice, type LocalNotice } from './file-notice.ts';
import { countOutcomes } from './limits/count-outcomes.ts';
import { countBounce, forgetBounces, type SuppressionRule } from './suppression.ts';

export type Settled =
  /** Delivered, or given up. */
  | { readonly kind: 'done'; readonly queueId: string; readonly n: number; readonly forwarded?: ForwardedOutcome | undefined }
  /** Tried in vain: again later. */
  | {
      readonly kind: 'later';
      readonly queueId: string;
      readonly n: number;
      readonly dueAtMs: number;
      readonly status: string;
      readonly host: string | undefined;
      readonly reply: string;
      readonly isDelayTold: boolean;
    }
  /** Not tried: the lease is given back. */
  | { readonly kind: 'untried'; readonly queueId: string; readonly n: number; readonly dueAtMs: number };

/** What became of forwarded mail, for its forward. */
export interface ForwardedOutcome extends ForwardOutcome {
  readonly forward: string;
}

export interface SettleArgs {
  readonly owner: string;
  readonly nowMs: number;
  /** At most 1,000. */
  readonly results: readonly Settled[];
  /** Notices to senders elsewhere, and to those here; their bodies come with the mutation. */
  readonly notices: readonly Outgoing[];
  readonly localNotices: readonly LocalNotice[];
  readonly trail: readonly TrailEvent[];
  /** Addresses that refused for good, and those that took mail: what the suppression list is made of. */
  readonly bounces: readonly Bounce[];
  readonly taken: readonly AddressOfAccount[];
  readonly rule: SuppressionRule;
}

/** An address as the suppression list writes it, and whose mail it is about. */
export interface AddressOfAccount {
  readonly account: AccountId;
  readonly address: string;
}

export interface Bounce extends AddressOfAccount {
  readonly queueId: string;
  readonly sender: string;
  readonly reply: string;
}

export const settle: Mutation<SettleArgs, void> = defineMutation('queue.settle', function* (tx, args: SettleArgs) {
  const done = new Map<string, number>();
  const forwarded = new Set<string>();
  for (const result of args.results) {
    const { queueId, n } = result;
    switch (result.kind) {
      case 'done': {
        const changed = yield* run(sql`DELETE FROM queue_recipient WHERE queue_id = ${queueId} AND n = ${n}`);
        if (changed > 0) done.set(queueId, (done.get(queueId) ?? 0) + 1);
        if (result.forwarded) forwarded.add(queueId);
        if (changed > 0 && result.forwarded) yield* noteForwardOutcome(tx, result.forwarded.forward, result.forwarded, args.nowMs);
        break;
      }
      // Somebody else may have taken over an expired lease: then what we know is old.
      case 'later':
        yield* run(
          sql`UPDATE queue_recipient SET attempts = attempts + 1, lease_owner = NULL, due_at = CASE WHEN held = 1 THEN NULL ELSE ${result.dueAtMs} END, tried_at = ${args.nowMs},
                last_status = ${result.status}, last_host = ${result.host ?? null}, last_reply = ${result.reply}, delay_told = ${result.isDelayTold ? 1 : 0}
              WHERE queue_id = ${queueId} AND n = ${n} AND lease_owner = ${args.owner}`,
        );
        break;
      case 'untried':
        yield* run(
          sql`UPDATE queue_recipient SET lease_owner = NULL, due_at = CASE WHEN held = 1 THEN NULL ELSE ${result.dueAtMs} END
              WHERE queue_id = ${queueId} AND n = ${n} AND lease_owner = ${args.owner}`,
        );
        break;
    }
  }
  yield* removeRecipients(done, args.nowMs);
  for (const event of args.trail) yield* record(tx, event);
  // Who wrote to an address here did not choose where it leads.
  yield* countOutcomes(
    tx,
    args.trail.filter(({ queueId }) => !forwarded.has(queueId)),
    args.nowMs,
  );
  for (const notice of args.notices) yield* enqueue(tx, notice);
  for (const notice of args.localNotices) yield* fileNotice(tx, notice, args.nowMs);
  yield* learn(tx, args);
});

/** What the attempts teach about addresses. */
function* learn(tx: Tx, { bounces, taken, rule, nowMs }: SettleArgs): Program<void> {
  for (const { account, address, queueId, sender, reply } of bounces) {
    if (!(yield* countBounce(tx, { account, address, detail: reply, nowMs, rule }))) continue;
    const details = { reason: 'bounces', bounces: rule.afterBounces, until: nowMs + rule.forMs };
    yield* record(tx, { event: 'suppressed', atMs: nowMs, queueId, by: account, sender, recipients: [{ address }], details });
  }
  if (taken.length === 0 || (yield* one(sql`SELECT 1 FROM queue_bounce LIMIT 1`)) === undefined) return;
  for (const { account, address } of taken) yield* forgetBounces(account, address);
}

/** Counts recipients off their messages; a message without any is removed and its body released. */
export function* removeRecipients(removed: ReadonlyMap<string, number>, nowMs: number): Program<void> {
  for (const [queueId, count] of removed) {
    const gone = yield* one<{ blob: number }>(sql`DELETE FROM queue_message WHERE queue_id = ${queueId} AND recipients = ${count} RETURNING blob`);
    if (gone) yield* releaseBody(gone.blob as BlobId, nowMs);
    else yield* run(sql`UPDATE queue_message SET recipients = recipients - ${count} WHERE queue_id = ${queueId}`);
  }
}
