/** A group of requests on its way through the writer: what waits, what is ready, and what its transaction has brought. */
import { accountOf, type AccountId, type MailboxId, type Modseq } from '#core/ids.ts';
import { firstPlace, spanOf } from '../blobs/layout.ts';
import type { StoredBody, Topic, Tx } from '../mutation.ts';
import type { Answer, AnswerBatch, Request } from './protocol.ts';

/** A thread as the writer sees it. */
export interface WriterClient {
  deliver(batch: AnswerBatch): void;
}

export interface Waiting {
  readonly client: WriterClient;
  readonly owner: string;
  readonly request: Request;
  /** Its bodies, where they are on the disk already: there was no time for it in the group before. */
  readonly stored?: readonly StoredBody[];
}

export interface Outcome {
  readonly waiting: Waiting;
  answer: Answer;
}

/** A request whose bodies have their places. */
export interface Ready {
  readonly waiting: Waiting;
  readonly bodies: readonly StoredBody[];
}

/** Who is not known by an account: deliveries and the queue, for many accounts. */
export const COMMON_KEY = 0;

/** What a group's transaction has brought so far. */
export class GroupRun {
  readonly outcomes: Outcome[] = [];
  readonly hints: Map<AccountId, Modseq> = new Map();
  readonly topics: Set<Topic> = new Set();
  /** Segments in which a body has been named, and where the last one ends. */
  readonly segments: Map<number, { readonly owner: string; size: number }> = new Map();

  take({ request, owner }: Waiting, tx: GroupTx): void {
    for (const [account, modseq] of tx.hints) this.hints.set(account, modseq);
    for (const topic of tx.topics) this.topics.add(topic);
    for (const [index, { blob, length }] of tx.bodies.entries()) {
      const { segment, offset } = firstPlace(blob);
      const isSmall = 'bytes' in (request.bodies[index] ?? {});
      const known = this.segments.get(segment);
      const end = offset + spanOf(length);
      if (known) known.size = Math.max(known.size, end);
      else this.segments.set(segment, { owner: isSmall ? 'writer' : owner, size: end });
    }
  }

  clear(): void {
    this.outcomes.length = 0;
    this.hints.clear();
    this.topics.clear();
    this.segments.clear();
  }
}

export class GroupTx implements Tx {
  readonly bodies: readonly StoredBody[];
  readonly hints: Map<AccountId, Modseq> = new Map();
  readonly topics: Set<Topic> = new Set();

  constructor(bodies: readonly StoredBody[]) {
    this.bodies = bodies;
  }

  hint(account: AccountId, modseq: Modseq): void {
    this.hints.set(account, modseq);
  }

  notify(topic: Topic): void {
    this.topics.add(topic);
  }
}

/** The account that a request is for, by the names that arguments use; others share one line. */
export function fairnessKey(args: unknown): number {
  if (typeof args !== 'object' || args === null) return COMMON_KEY;
  if ('account' in args && typeof args.account === 'number') return args.account;
  if ('mailbox' in args && typeof args.mailbox === 'number') return accountOf(args.mailbox as MailboxId);
  return COMMON_KEY;
}

/** Octets that are still to be written. */
export function smallBytes({ request, stored }: Waiting): number {
  let bytes = 0;
  if (stored) return bytes;
  for (const body of request.bodies) if ('bytes' in body) bytes += body.bytes.length;
  return bytes;
}

/** Whether it brings octets that this group had to write. */
export function bringsSmallBody({ request, stored }: Waiting): boolean {
  return !stored && request.bodies.some((body) => 'bytes' in body);
}
