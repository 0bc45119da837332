/** What the queue takes over: the arguments of the `enqueue` program, which delivery composes into its one mutation. */
import type { AccountId } from '#core/ids.ts';
import { keepBody } from '#store/blob-refs.ts';
import type { Tx } from '#store/mutation.ts';
import { type Program, run, sql } from '#store/sql.ts';
import type { TlsNeed } from './transport.ts';

/** Mail for recipients elsewhere: one message, one or more recipients. */
export interface Outgoing {
  /** Random, made by the caller: `[A-Za-z0-9]{16}`. Seen in replies, the trail and `capri queue list`. */
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
  readonly nowMs: number;
}

export interface OutgoingRecipient {
  readonly localPart: string;
  /** Lower-case A-label form, or an address literal. */
  readonly domain: string;
  readonly notify: readonly string[] | undefined;
  readonly originalRecipient: string | undefined;
}

/** Takes a message over, as part of the caller's mutation: its body is kept as long as a recipient waits. The scheduler hears of it after the commit. */
export function* enqueue(tx: Tx, outgoing: Outgoing): Program<void> {
  const body = tx.bodies[outgoing.body];
  if (!body) throw new Error(`the mutation has no body ${outgoing.body}`);
  const { queueId, recipients } = outgoing;
  yield* keepBody(body);
  yield* run(
    sql`INSERT INTO queue_message (queue_id, account, sender, blob, body_size, eight_bit, smtp_utf8, ret, envelope_id, created_at, recipients, prefix, tls, forward)
        VALUES (${queueId}, ${outgoing.account ?? null}, ${outgoing.sender}, ${body.blob}, ${body.length}, ${outgoing.isEightBit ? 1 : 0}, ${outgoing.smtpUtf8 ? 1 : 0},
          ${outgoing.ret ?? null}, ${outgoing.envelopeId ?? null}, ${outgoing.nowMs}, ${recipients.length}, ${outgoing.prefix}, ${outgoing.tlsNeed ?? null},
          ${outgoing.forward ?? null})`,
  );
  for (const [n, { domain, localPart, notify, originalRecipient }] of recipients.entries()) {
    yield* run(
      sql`INSERT INTO queue_recipient (queue_id, n, domain, local_part, notify, original, due_at)
          VALUES (${queueId}, ${n}, ${domain}, ${localPart}, ${notify?.join(',') ?? null}, ${originalRecipient ?? null}, ${outgoing.nowMs})`,
    );
  }
  tx.notify('queue');
}
