/** What the queue takes over: the arguments of the `enqueue` program, which delivery composes into its one mutation. */
import type { AccountId } from '#core/ids.ts';
import { keepBody } from '#store/blob-refs.ts';
import type { Tx } from '#store/mutation.ts';
import { type Program, run, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';
import { type Hold, readAccountHold } from './hold.ts';
import { addressText } from './path-text.ts';
import type { TlsNeed } from './transport.ts';

/** Mail for recipients elsewhere: one message, one or more recipients. */
export interface Outgoing {
  /** Made by the caller (core/receipt-id.ts). Seen in replies, the trail and `capri queue list`. */
  readonly queueId: string;
  /** Whose mail it is; undefined for the server's own (bounces). */
  readonly account: AccountId | undefined;
  /** Reverse path; empty for the null sender. */
  readonly sender: string;
  readonly recipients: readonly OutgoingRecipient[];
  /** Index into the mutation's bodies. */
  readonly body: number;
  /** Octets, prefix included. */
  readonly sizeBytes: number;
  /** Octets that go before the body. */
  readonly prefix: Uint8Array;
  readonly isEightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly ret: 'FULL' | 'HDRS' | undefined;
  readonly envelopeId: string | undefined;
  /** The forward it belongs to, whose outcomes are counted: `forwardMark` of directory/forward-outcomes.ts. */
  readonly forward?: string | undefined;
  /** RFC 8689; undefined: neither asked for nor waived. */
  readonly tlsNeed?: TlsNeed | undefined;
  /** MT-PRIORITY, -9 to 9; undefined: not given, which is 0. RFC 6710 */
  readonly priority?: number | undefined;
  /** RFC 2852. */
  readonly deliverBy?: QueuedDeliverBy | undefined;
  /** Not to leave before. RFC 4865 */
  readonly releaseAtMs?: number | undefined;
  /** Kept until somebody releases it. */
  readonly hold?: Hold | undefined;
  readonly nowMs: number;
}

export interface QueuedDeliverBy {
  readonly atMs: number;
  /** R: return what is late. N: tell the sender that it is. */
  readonly mode: 'R' | 'N';
  /** The sender wants to hear of every hop. */
  readonly isTraced: boolean;
}

export interface OutgoingRecipient {
  readonly localPart: string;
  /** Lower-case A-label form, or an address literal. */
  readonly domain: string;
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}

/**
 * Takes a message over, as part of the caller's mutation: its body is kept as long as a recipient waits. The scheduler hears of it after the commit. Mail of an
 * account on hold is held with it.
 */
export function* enqueue(tx: Tx, outgoing: Outgoing): Program<void> {
  const body = tx.bodies[outgoing.body];
  if (!body) throw new Error(`the mutation has no body ${outgoing.body}`);
  const { queueId, account, recipients, nowMs, deliverBy, priority, releaseAtMs } = outgoing;
  const hold = outgoing.hold ?? (yield* holdOf(account));
  yield* keepBody(body);
  yield* run(
    sql`INSERT INTO queue_message (queue_id, account, sender, blob, body_size, eight_bit, smtp_utf8, ret, envelope_id, created_at, recipients, prefix, tls, forward,
          priority, deliver_by, deliver_mode, release_at, hold_kind, hold_reason)
        VALUES (${queueId}, ${account ?? null}, ${outgoing.sender}, ${body.blob}, ${body.length}, ${outgoing.isEightBit ? 1 : 0}, ${outgoing.smtpUtf8 ? 1 : 0},
          ${outgoing.ret ?? null}, ${outgoing.envelopeId ?? null}, ${nowMs}, ${recipients.length}, ${outgoing.prefix}, ${outgoing.tlsNeed ?? null}, ${outgoing.forward ?? null},
          ${priority ?? null}, ${deliverBy?.atMs ?? null}, ${deliverBy ? `${deliverBy.mode}${deliverBy.isTraced ? 'T' : ''}` : null}, ${releaseAtMs ?? null},
          ${hold?.kind ?? null}, ${hold?.reason ?? null})`,
  );
  const dueAt = hold ? null : Math.max(nowMs, releaseAtMs ?? 0);
  for (const [n, { domain, localPart, notify, originalRecipient }] of recipients.entries()) {
    yield* run(
      sql`INSERT INTO queue_recipient (queue_id, n, domain, local_part, notify, original, due_at, rank, held)
          VALUES (${queueId}, ${n}, ${domain}, ${localPart}, ${notify?.join(',') ?? null}, ${originalRecipient ?? null}, ${dueAt}, ${-(priority ?? 0)}, ${hold ? 1 : 0})`,
    );
  }
  if (hold) {
    const addresses = recipients.map(({ localPart, domain }) => ({ address: addressText(localPart, domain) }));
    const details = { actor: hold.kind, reason: hold.reason };
    yield* record(tx, { event: 'held', atMs: nowMs, queueId, by: account, sender: outgoing.sender, recipients: addresses, details });
  }
  tx.notify('queue');
}

function* holdOf(account: AccountId | undefined): Program<Hold | undefined> {
  const held = account === undefined ? undefined : yield* readAccountHold(account);
  return held && { kind: 'account', reason: held.reason };
}
