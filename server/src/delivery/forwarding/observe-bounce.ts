/**
 * A notification of another server that comes back to a rewritten sender: what it says of the forward that the message was sent on by.
 *
 * RFC 3464 · RFC 5321 §4.5.5 (notifications have the null reverse-path)
 */
import type { BouncedForward, ForwardBounce } from '#directory/forward-bounces.ts';
import type { Header } from '#message/header.ts';
import { isDsn, readDeliveryStatus, statusPart } from '#message/read-dsn.ts';
import type { BodyObserver } from '../stage.ts';
import type { Transaction } from '../transaction.ts';

/** Octets of the body that are kept for it: the part for people, which comes first, is short. */
const KEPT_BYTES = 64 * 1024;

/** Undefined where it is nothing that could count. */
export function observeBounce(transaction: Transaction, header: Header | undefined): BodyObserver | undefined {
  const { sender, peer, targets } = transaction;
  const forwards = targets.returned.flatMap(({ forward }) => (forward === undefined ? [] : [forward]));
  if (sender !== undefined || peer.identity !== undefined || forwards.length === 0 || !isDsn(header?.first('content-type') ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    body(chunk) {
      if (size >= KEPT_BYTES) return;
      chunks.push(Buffer.from(chunk.subarray(0, KEPT_BYTES - size)));
      size += chunk.length;
    },
    end({ root }) {
      const part = statusPart(root);
      if (part === undefined) return;
      transaction.bounced = bouncesIn(Buffer.concat(chunks).subarray(part.bodyStart - root.bodyStart, part.bodyEnd - root.bodyStart), forwards);
    },
  };
}

/** What we send on has one recipient: the first that has failed is the one. */
function bouncesIn(status: Buffer, forwards: readonly BouncedForward[]): readonly ForwardBounce[] {
  const failed = readDeliveryStatus(status).find(({ action }) => action === 'failed');
  if (failed === undefined) return [];
  return forwards.map((forward) => ({ ...forward, status: failed.status, host: failed.host, reply: failed.diagnostic }));
}
