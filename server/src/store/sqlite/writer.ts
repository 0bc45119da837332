/**
 * The one writer. It drains its inbox into a group: the small bodies of all are appended, one transaction runs every mutation, the journal makes the group durable,
 * then it is committed and everybody is answered. While a group is being written the next one gathers. ARCHITECTURE "How it changes"
 *
 * Durable order: the journal with the changes and the bodies of the group (fdatasync; bodies that are too large for it are synced in their segment first), then COMMIT,
 * so that nobody sees what a power cut could take back, then the answers.
 */
import { DomainError } from '#core/errors.ts';
import { type BodySync, LateSync } from '../blobs/body-sync.ts';
import { type BodyFiles, diskFiles, isDiskFull } from '../blobs/files.ts';
import { Journal } from '../journal/journal.ts';
import { appliedSequence } from '../journal/recover.ts';
import { firstPlace } from '../blobs/layout.ts';
import type { Mutation } from '../mutation.ts';
import { run, sql } from '../sql.ts';
import type { Connection } from './driver.ts';
import { concernsAll, failureOfGroup, failureOfOne, isCertainlyUndone } from './failure.ts';
import { FairQueue } from './fair-queue.ts';
import { COMMON_KEY, fairnessKey, GroupRun, GroupTx, type Outcome, type Ready, smallBytes, type Waiting, type WriterClient } from './group.ts';
import { GroupBodies } from './group-bodies.ts';
import type { Answer, AnswerBatch, Failure, Request, RequestBatch } from './protocol.ts';
import type { Reserve } from './reserve.ts';
import { Room } from './room.ts';

/** Any mutation, for lists of them. */
export type AnyMutation = Mutation<never, unknown>;

export interface WriterOptions {
  /** What is given up when the disk is full to its last octet. */
  readonly reserve?: Reserve;
  readonly directory: string;
  readonly connection: Connection;
  readonly mutations: readonly AnyMutation[];
  readonly files?: BodyFiles;
  /** How bodies are made durable. Default: when their rows are ready to be committed. */
  readonly bodySync?: BodySync;
  /** Below this much free space, mutations that bring a body are refused. Default: 64 MiB, or a twentieth of a small disk. */
  readonly freeSpaceMarkBytes?: number;
  /** A segment that has grown to this is not appended to any more. Default: 256 MiB, the most. */
  readonly segmentBytes?: number;
  /** Smaller files of the journal, for tests. */
  readonly journalBytes?: number;
  /** Told of a group that could not be made durable. */
  readonly onFailure?: (error: unknown, requests: number) => void;
  /** Told when the store must be opened anew, since the disk did not keep what it was given: no request is taken any more. Default: thrown on the next turn. */
  readonly onFatal?: (error: unknown) => void;
  /** Told after each commit: keeps the write-ahead log in its bounds. */
  readonly afterCommit?: () => void;
}

/** What every thread hears after a commit. */
type Told = Pick<AnswerBatch, 'hints' | 'topics'>;

/** A group holds at most this many mutations and octets of small bodies. */
const GROUP_REQUESTS = 512;
const GROUP_BYTES = 16 * 2 ** 20;
/** After this time a group is committed as far as it has come; the rest waits for its turn among those who have come meanwhile. */
const GROUP_MS = 20;
/** So many of them have their turn together. */
const COMMON_SHARE = 32;
export class Writer {
  readonly #options: WriterOptions;
  readonly #connection: Connection;
  readonly #mutations = new Map<string, AnyMutation>();
  readonly #clients = new Set<WriterClient>();
  readonly #inbox = new FairQueue<Waiting>((key) => (key === COMMON_KEY ? COMMON_SHARE : 1));
  readonly #bodies: GroupBodies;
  readonly #journal: Journal;
  readonly #room: Room;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#connection = options.connection;
    for (const mutation of options.mutations) {
      if (this.#mutations.has(mutation.name)) throw new Error(`two mutations are named ${mutation.name}`);
      this.#mutations.set(mutation.name, mutation);
    }
    const files = options.files ?? diskFiles;
    const { directory, connection, reserve, freeSpaceMarkBytes, segmentBytes, onFailure } = options;
    this.#room = new Room({ directory, connection, files, reserve, freeSpaceMarkBytes, onFailure });
    const sync = options.bodySync ?? new LateSync(files);
    const onFatal = options.onFatal ?? throwLater;
    const fullBytes = options.journalBytes;
    this.#journal = new Journal({ directory, files, applied: appliedSequence(connection) ?? 0, onFatal, ...(fullBytes !== undefined && { fullBytes }) });
    connection.syncNoMore();
    connection.forget();
    this.#bodies = new GroupBodies({ directory, connection, files, sync, journal: this.#journal, room: this.#room, segmentBytes, onFailure });
  }

  addClient(client: WriterClient): void {
    this.#clients.add(client);
  }

  removeClient(client: WriterClient): void {
    this.#clients.delete(client);
  }

  /** Takes requests; they are run in the next group, soon. */
  submit(client: WriterClient, batch: RequestBatch): void {
    if (this.#isStopped) {
      const failure: Failure = { code: 'shutting-down', message: 'the store is being closed' };
      client.deliver({ answers: batch.requests.map(({ id }) => [id, false, failure]), hints: [], topics: [] });
      return;
    }
    for (const request of batch.requests) this.#inbox.push(fairnessKey(request.args), { client, owner: batch.owner, request });
    this.#schedule();
  }

  /** Runs what is waiting, then takes no more, and leaves nothing to the journal. */
  stop(): void {
    while (this.#inbox.size > 0) this.#runGroup();
    this.#isStopped = true;
    this.#bodies[Symbol.dispose]();
    this.#journal[Symbol.dispose]();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    // After the events of this turn: every message that has arrived joins the group.
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      this.#runGroup();
      if (this.#inbox.size > 0) this.#schedule();
      else this.#room.tend();
    });
  }

  #runGroup(): void {
    let bytes = 0;
    const group = this.#inbox.take(GROUP_REQUESTS, (waiting) => {
      const own = smallBytes(waiting);
      bytes += own;
      return bytes <= GROUP_BYTES || bytes === own;
    });
    if (group.length === 0) return;

    const outcomes: Outcome[] = [];
    const ready = this.#bodies.append(group, outcomes);
    if (ready.length === 0) return this.#answer(outcomes, { hints: [], topics: [] });
    const { told, count } = this.#transact(ready, outcomes);
    this.#options.afterCommit?.();
    this.#answer(outcomes, told);
    if (count === ready.length) this.#bodies.forgetOwn();
    else this.#inbox.putBack(ready.slice(count).map(({ waiting, bodies }) => [fairnessKey(waiting.request.args), { ...waiting, stored: bodies }]));
  }

  /** Runs mutations in one transaction, the first at least, as many as there is time for; fills `outcomes`. Returns what everybody is to be told. */
  #transact(ready: readonly Ready[], outcomes: Outcome[]): { readonly told: Told; readonly count: number } {
    const brought = new GroupRun();
    try {
      // Savepoints cost a copy of each page, and failures after the first write are rare: a group is run without them, and again with them when needed.
      if (!this.#attempt(ready, brought, outcomes, false)) {
        brought.clear();
        this.#attempt(ready, brought, outcomes, true);
      }
    } catch (error) {
      this.#rollBack();
      this.#bodies.forgetOwn();
      if (error instanceof BodiesLost) return this.#transactRest(ready, error, outcomes);
      this.#room.forget();
      const frugal = isDiskFull(error) ? ready.filter(({ bodies }) => bodies.length === 0) : [];
      if (frugal.length > 0 && this.#room.make()) {
        // Only what brings no message may use the reserve: an expunge among it makes room for the others.
        const failure = failureOfGroup(error);
        for (const { waiting, bodies } of ready) if (bodies.length > 0) outcomes.push({ waiting, answer: [waiting.request.id, false, failure] });
        const { told, count } = this.#transact(frugal, outcomes);
        return { told, count: count === frugal.length ? ready.length : this.#refuseRest(frugal.slice(count), failure, outcomes, ready.length) };
      }
      this.#options.onFailure?.(error, ready.length);
      const failure = failureOfGroup(error);
      for (const { waiting } of ready) outcomes.push({ waiting, answer: [waiting.request.id, false, failure] });
      return { told: { hints: [], topics: [] }, count: ready.length };
    }
    outcomes.push(...brought.outcomes);
    return { told: { hints: [...brought.hints].flat(), topics: [...brought.topics] }, count: brought.outcomes.length };
  }

  /** After the bodies of a group were lost: what needs none of them. */
  #transactRest(ready: readonly Ready[], lost: BodiesLost, outcomes: Outcome[]): { readonly told: Told; readonly count: number } {
    const { durable } = lost;
    if (durable.length === 0) return { told: { hints: [], topics: [] }, count: ready.length };
    const { told, count } = this.#transact(durable, outcomes);
    return { told, count: count === durable.length ? ready.length : this.#refuseRest(durable.slice(count), failureOfGroup(lost), outcomes, ready.length) };
  }

  /** Those for whom there was no time after room had been made try again later. */
  #refuseRest(rest: readonly Ready[], failure: Failure, outcomes: Outcome[], count: number): number {
    for (const { waiting } of rest) outcomes.push({ waiting, answer: [waiting.request.id, false, failure] });
    return count;
  }

  /** Returns false, with nothing done, when a mutation failed half-way and has no savepoint. Throws what concerns the whole group. */
  #attempt(ready: readonly Ready[], brought: GroupRun, outcomes: Outcome[], hasSavepoints: boolean): boolean {
    this.#connection.execute('BEGIN IMMEDIATE');
    this.#connection.forget();
    const startMs = performance.now();
    for (const { waiting, bodies } of ready) {
      if (performance.now() - startMs > GROUP_MS) break;
      const tx = new GroupTx(bodies);
      const answer = this.#runOne(waiting.request, tx, hasSavepoints);
      if (!answer) {
        this.#connection.execute('ROLLBACK');
        return false;
      }
      brought.outcomes.push({ waiting, answer });
      if (answer[1]) brought.take(waiting, tx);
    }
    for (const [segment, { owner, size }] of brought.segments) this.#recordSegment(segment, owner, size);
    const durable = this.#bodies.settle(ready, outcomes);
    if (durable.length < ready.length) throw new BodiesLost(durable);
    this.#commit();
    return true;
  }

  /** Durable first, then seen: what a power cut could take back is never shown to anybody. */
  #commit(): void {
    const connection = this.#connection;
    const statements = connection.recorded;
    if (statements.length === 0) return connection.execute('COMMIT');
    connection.run(sql`UPDATE journal SET applied = ${this.#journal.next}`);
    this.#journal.append(this.#bodies.unsynced, statements);
    try {
      connection.execute('COMMIT');
    } catch (error) {
      if (isCertainlyUndone(error)) this.#journal.cancel();
      // Nobody knows until the store is opened again: then the group is there, from the log or from the journal.
      else this.#journal.fail(error);
      throw error;
    }
    this.#journal.confirm();
    this.#bodies.forget();
  }

  /** One mutation. Undefined: it failed half-way and there is no savepoint to go back to. Throws only what concerns the whole group. */
  #runOne(request: Request, tx: GroupTx, hasSavepoint: boolean): Answer | undefined {
    const mutation = this.#mutations.get(request.name);
    if (!mutation) return [request.id, false, { code: 'bug', message: `the writer does not know the mutation ${request.name}` }];
    if (hasSavepoint) this.#connection.execute('SAVEPOINT one');
    const { length: recorded } = this.#connection.recorded;
    try {
      this.#checkStreamed(request);
      const result = this.#connection.drive(mutation.program(tx, request.args as never));
      if (hasSavepoint) this.#connection.execute('RELEASE one');
      return [request.id, true, result];
    } catch (error) {
      // After these SQLite may have undone the whole transaction.
      if (concernsAll(error) || !this.#connection.inTransaction) throw error;
      if (hasSavepoint) {
        this.#connection.execute('ROLLBACK TO one');
        this.#connection.execute('RELEASE one');
        this.#connection.forget(recorded);
      } else if (this.#connection.recorded.length !== recorded) return undefined;
      return [request.id, false, failureOfOne(error)];
    }
  }

  /** A body that waited longer than the grace time for its commit may have lost its segment to compaction. */
  #checkStreamed(request: Request): void {
    for (const body of request.bodies) {
      if ('bytes' in body) continue;
      const state = this.#connection.one<{ state: string }>(sql`SELECT state FROM segment WHERE segment = ${firstPlace(body.blob).segment}`);
      if (state?.state === 'removed') throw new DomainError('store-failed', 'a body waited too long to be named');
    }
  }

  #recordSegment(segment: number, owner: string, size: number): void {
    this.#connection.drive(
      run(
        sql`INSERT INTO segment (segment, owner, size) VALUES (${segment}, ${owner}, ${size})
            ON CONFLICT (segment) DO UPDATE SET size = max(size, excluded.size)`,
      ),
    );
  }

  #rollBack(): void {
    if (!this.#connection.inTransaction) return;
    try {
      this.#connection.execute('ROLLBACK');
    } catch (error) {
      this.#options.onFailure?.(error, 0);
    }
  }

  #answer(outcomes: readonly Outcome[], { hints, topics }: Told): void {
    const byClient = new Map<WriterClient, Answer[]>();
    for (const { waiting, answer } of outcomes) {
      const answers = byClient.get(waiting.client);
      if (answers) answers.push(answer);
      else byClient.set(waiting.client, [answer]);
    }
    const everybody = hints.length > 0 || topics.length > 0;
    for (const client of this.#clients) {
      const answers = byClient.get(client) ?? [];
      if (everybody || answers.length > 0) client.deliver({ answers, hints, topics });
    }
  }
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Bodies of the group could not be made durable: what named them must not be committed. */
class BodiesLost extends Error {
  /** What has brought none of them. */
  readonly durable: readonly Ready[];

  constructor(durable: readonly Ready[]) {
    super('bodies could not be made durable');
    this.durable = durable;
  }
}
