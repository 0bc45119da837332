/**
 * Mutations: named generators that change the store, run by the one writer (ARCHITECTURE "How it changes"). They read no clock and no randomness: ids
 * that must be random and times are arguments, so that the same call can be run again. Any room may define its own over its own tables and compose
 * others with `yield*`: accepting a message is ONE mutation of delivery, made of the store's, the queue's and the trail's.
 */
import type { AccountId, BlobId, Modseq } from '#core/ids.ts';
import type { Program } from './sql.ts';

/** A body to be stored with a mutation: bytes that the writer appends to a segment before the commit, or a place already written and synced (`Store.streamBody`). */
export type Body = { readonly bytes: Uint8Array } | { readonly blob: BlobId; readonly length: number };

/** A body after the writer has appended it: durable no later than the mutation's commit. */
export interface StoredBody {
  readonly blob: BlobId;
  readonly length: number;
}

/** What a mutation sees besides its arguments. */
export interface Tx {
  /** The bodies given to `commit`, in their order. */
  readonly bodies: readonly StoredBody[];
  /** Tells every thread, after the commit, that an account has changes up to this modseq. */
  hint(account: AccountId, modseq: Modseq): void;
  /** Tells every thread, after the commit, that something outside the mailboxes changed: `queue`, `directory`, `sending`, ...; `segments` is the store's own. */
  notify(topic: Topic): void;
}

export type Topic = 'queue' | 'directory' | 'sending' | 'suspects' | 'suppressions' | 'segments';

export interface Mutation<Args, Result> {
  readonly name: string;
  readonly program: (tx: Tx, args: Args) => Program<Result>;
}

/** Names a mutation, `room.verb`, so that any thread can ask the writer for it. Args and Result must survive structured clone; keep them flat. */
export function defineMutation<Args, Result>(name: string, program: (tx: Tx, args: Args) => Program<Result>): Mutation<Args, Result> {
  return { name, program };
}
