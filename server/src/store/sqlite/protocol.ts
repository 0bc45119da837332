/** What the threads and the writer say to each other: plain data that survives structured clone. */
import type { DomainErrorCode } from '#core/errors.ts';
import type { Body, Topic } from '../mutation.ts';

/** A mutation that a thread asks for; `id` is the thread's own. */
export interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: unknown;
  readonly bodies: readonly Body[];
}

/** Thread to writer: what one turn of its event loop gathered. */
export interface RequestBatch {
  readonly owner: string;
  readonly requests: readonly Request[];
}

export interface Failure {
  readonly code: DomainErrorCode | 'bug';
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly stack?: string | undefined;
}

export type Answer = readonly [id: number, ok: true, result: unknown] | readonly [id: number, ok: false, failure: Failure];

/** Writer to thread: after each group, its own answers and everybody's hints. */
export interface AnswerBatch {
  readonly answers: readonly Answer[];
  /** account, modseq, account, modseq, ... */
  readonly hints: readonly number[];
  readonly topics: readonly Topic[];
}
