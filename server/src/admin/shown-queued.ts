/** What is shown of a message in the queue. */
import { z } from 'zod';
import { type Queued, stateOf } from '#queue/list-queued.ts';
import { addressText } from '#queue/path-text.ts';
import type { QueuedRecipient } from '#queue/queue-rows.ts';
import { explainReply } from '#trail/explain/explain-reply.ts';

export interface ShownRecipient {
  readonly address: string;
  readonly state: 'waiting' | 'held' | 'trying';
  readonly attempts: number;
  /** Null while it is held. */
  readonly nextAttempt: string | null;
  readonly lastAttempt: string | null;
  /** What the other server said last, or what happened. */
  readonly lastReply: string | null;
  readonly lastHost: string | null;
  /** What that means, in one sentence, and what can be done. */
  readonly explanation: { readonly cause: string; readonly remedy: string } | null;
}

export interface ShownQueued {
  readonly id: string;
  /** Empty for mail of the server's own. */
  readonly sender: string;
  readonly sizeBytes: number;
  readonly queuedAt: string;
  /** -9 to 9. */
  readonly priority: number;
  /** Not to leave before. */
  readonly releaseAt: string | null;
  /** By when it is to be delivered, and what happens if not: returned, or the sender told. */
  readonly deliverBy: { readonly at: string; readonly late: 'returned' | 'told' } | null;
  readonly hold: { readonly kind: string; readonly reason: string } | null;
  readonly recipients: readonly ShownRecipient[];
}

const shownRecipient: z.ZodType<ShownRecipient> = z.object({
  address: z.string(),
  state: z.enum(['waiting', 'held', 'trying']),
  attempts: z.number(),
  nextAttempt: z.string().nullable(),
  lastAttempt: z.string().nullable(),
  lastReply: z.string().nullable(),
  lastHost: z.string().nullable(),
  explanation: z.object({ cause: z.string(), remedy: z.string() }).nullable(),
});
export const shownQueued: z.ZodType<ShownQueued> = z.object({
  id: z.string(),
  sender: z.string(),
  sizeBytes: z.number(),
  queuedAt: z.string(),
  priority: z.number(),
  releaseAt: z.string().nullable(),
  deliverBy: z.object({ at: z.string(), late: z.enum(['returned', 'told']) }).nullable(),
  hold: z.object({ kind: z.string(), reason: z.string() }).nullable(),
  recipients: z.array(shownRecipient),
});

/** Of explanations. */
export type Language = 'pl' | 'en';
export const language: z.ZodType<Language | undefined> = z.enum(['pl', 'en']).optional();

/** Explained in the language. */
export function showQueued({ message, recipients }: Queued, words: Language): ShownQueued {
  const { deliverBy, releaseAtMs, hold } = message;
  return {
    id: message.queueId,
    sender: message.sender,
    sizeBytes: message.prefix.length + message.bodyBytes,
    queuedAt: time(message.createdAtMs),
    priority: message.priority ?? 0,
    releaseAt: releaseAtMs === undefined ? null : time(releaseAtMs),
    deliverBy: deliverBy === undefined ? null : { at: time(deliverBy.atMs), late: deliverBy.mode === 'R' ? 'returned' : 'told' },
    hold: hold === undefined ? null : { kind: hold.kind, reason: hold.reason },
    recipients: recipients.map((recipient) => showRecipient(recipient, words)),
  };
}

function showRecipient(recipient: QueuedRecipient, words: Language): ShownRecipient {
  const { lastReply: reply, lastStatus: status, lastHost: host } = recipient;
  return {
    address: addressText(recipient.localPart, recipient.domain),
    state: stateOf(recipient),
    attempts: recipient.attempts,
    nextAttempt: recipient.dueAtMs === undefined || recipient.isHeld ? null : time(recipient.dueAtMs),
    lastAttempt: recipient.triedAtMs === undefined ? null : time(recipient.triedAtMs),
    lastReply: reply ?? null,
    lastHost: host ?? null,
    explanation: (reply === undefined ? undefined : explainReply({ reply, status, host }, words)) ?? null,
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
