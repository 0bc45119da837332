/**
 * The small bodies of a group: refused when the disk is filling up, else appended to the writer's segment, and durable before the group is committed: by the journal,
 * or, where one is too large to be written twice, by a sync of the segment beside the rows.
 */
import type { BlobId } from '#core/ids.ts';
import { BodyAppender } from '../blobs/appender.ts';
import type { BodySync } from '../blobs/body-sync.ts';
import type { BodyFiles } from '../blobs/files.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalBody } from '../journal/record.ts';
import { sql } from '../sql.ts';
import type { Connection } from './driver.ts';
import { failureOfGroup } from './failure.ts';
import { bringsSmallBody, type Outcome, type Ready, type Waiting } from './group.ts';
import type { Failure } from './protocol.ts';
import type { Room } from './room.ts';

export interface GroupBodiesOptions {
  readonly directory: string;
  readonly connection: Connection;
  readonly files: BodyFiles;
  readonly sync: BodySync;
  readonly journal: Journal;
  readonly room: Room;
  readonly segmentBytes: number | undefined;
  readonly onFailure: ((error: unknown, requests: number) => void) | undefined;
}

/** A larger body is not written twice. */
const JOURNAL_BODY_BYTES = 16 * 1024;

export class GroupBodies implements Disposable {
  readonly #options: GroupBodiesOptions;
  readonly #appender: BodyAppender;
  #unsynced: JournalBody[] = [];
  /** How many of them are from groups before this one. */
  #carried = 0;

  constructor(options: GroupBodiesOptions) {
    this.#options = options;
    const { connection, directory, files, sync, segmentBytes } = options;
    const open = connection.one<{ segment: number; size: number }>(
      sql`SELECT segment, size FROM segment WHERE owner = 'writer' AND state = 'open' ORDER BY segment DESC LIMIT 1`,
    );
    const floor = connection.one<{ last: number | null }>(sql`SELECT max(segment) AS last FROM segment`)?.last ?? 0;
    this.#appender = new BodyAppender(directory, files, sync, floor, {
      ...(open && { unfinished: { segment: open.segment, sizeBytes: open.size } }),
      ...(segmentBytes !== undefined && { limitBytes: segmentBytes }),
    });
  }

  /** Bodies that the journal has to keep with the next commit. */
  get unsynced(): readonly JournalBody[] {
    return this.#unsynced;
  }

  /** The journal has them. */
  forget(): void {
    if (this.#unsynced.length > 0) this.#unsynced = [];
  }

  /** Those of the present group will not be named, or have been. Who brought the ones before may still wait for a turn. */
  forgetOwn(): void {
    this.#unsynced.length = Math.min(this.#unsynced.length, this.#carried);
  }

  /**
   * Gives the bodies of a group their places and begins to make them durable. Who brought one is refused (in `outcomes`) when that fails; the others go on (an
   * expunge must work on a full disk).
   */
  append(group: readonly Waiting[], outcomes: Outcome[]): Ready[] {
    // Left by a group that could not be committed.
    this.settle([], outcomes);
    const accepted = this.#admit(group, outcomes);
    const buffers = accepted.flatMap(({ request, stored }) => (stored ? [] : request.bodies.flatMap((body) => ('bytes' in body ? [body.bytes] : []))));
    let places: readonly BlobId[] = [];
    this.#carried = this.#unsynced.length;
    if (buffers.length > 0) {
      try {
        const isJournaled = buffers.every(({ length }) => length <= JOURNAL_BODY_BYTES);
        const appended = this.#appender.append(buffers, !isJournaled);
        places = appended.map(({ blob }) => blob);
        if (isJournaled) this.#unsynced.push(...appended);
      } catch (error) {
        const failure = this.#failed(error, accepted.length);
        refuse(accepted.filter(bringsSmallBody), failure, outcomes);
        return place(
          accepted.filter((waiting) => !bringsSmallBody(waiting)),
          [],
        );
      }
    }
    return place(accepted, places);
  }

  /** Waits for what was appended; returns what is ready to be committed: all of it, or what has not brought a body of this group when the sync has failed. */
  settle(ready: readonly Ready[], outcomes: Outcome[]): readonly Ready[] {
    try {
      this.#appender.settle();
      return ready;
    } catch (error) {
      const { journal } = this.#options;
      // What only the journal keeps of it, or will keep with the next commit, cannot be made sure of any more: a later sync would be called a success.
      if (journal.keeps(this.#appender.segment) || this.#carried > 0) journal.fail(error);
      const failure = this.#failed(error, ready.length);
      const refused = ready.filter(({ waiting }) => bringsSmallBody(waiting));
      refuse(
        refused.map(({ waiting }) => waiting),
        failure,
        outcomes,
      );
      return ready.filter(({ waiting }) => !bringsSmallBody(waiting));
    }
  }

  [Symbol.dispose](): void {
    this.#appender[Symbol.dispose]();
  }

  /** Those for whose messages there is room. */
  #admit(group: readonly Waiting[], outcomes: Outcome[]): readonly Waiting[] {
    const isFull = group.some(({ request, stored }) => !stored && request.bodies.length > 0) && this.#options.room.isBelowMark();
    if (!isFull) return group;
    const hasNoRoom = ({ request, stored }: Waiting): boolean => !stored && request.bodies.length > 0;
    refuse(group.filter(hasNoRoom), { code: 'disk-full', message: 'the disk has too little free space for new messages' }, outcomes);
    return group.filter((waiting) => !hasNoRoom(waiting));
  }

  #failed(error: unknown, requests: number): Failure {
    this.#options.onFailure?.(error, requests);
    this.#options.room.forget();
    return failureOfGroup(error);
  }
}

function refuse(requests: readonly Waiting[], failure: Failure, outcomes: Outcome[]): void {
  for (const waiting of requests) outcomes.push({ waiting, answer: [waiting.request.id, false, failure] });
}

/** Puts places to bodies, in their order. */
function place(accepted: readonly Waiting[], places: readonly BlobId[]): Ready[] {
  let next = 0;
  return accepted.map((waiting) => ({
    waiting,
    bodies:
      waiting.stored ??
      waiting.request.bodies.map((body) =>
        'bytes' in body ? { blob: places[next++] as BlobId, length: body.bytes.length } : { blob: body.blob, length: body.length },
      ),
  }));
}
