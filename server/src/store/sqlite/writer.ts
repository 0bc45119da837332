/**
 * The one writer. It drains its inbox into a group: the small bodies of all are appended and synced, then one transaction runs every mutation inside a
 * savepoint of its own, then everybody is answered. While a group is being synced the next one gathers. ARCHITECTURE "How it changes"
 *
 * Durable order: bodies (fdatasync; the directory of a new segment too), then COMMIT (WAL, synchronous=FULL), then the answers.
 */
import { DomainError } from '#core/errors.ts';
import { accountOf, type AccountId, type BlobId, type MailboxId, type Modseq } from '#core/ids.ts';
import { BodyAppender } from '../blobs/appender.ts';
import { type BodyFiles, diskFiles, isDiskFull } from '../blobs/files.ts';
import { firstPlace, spanOf, storeDirectory } from '../blobs/layout.ts';
import type { Mutation, StoredBody, Topic, Tx } from '../mutation.ts';
import { sql } from '../sql.ts';
import { type Connection, sqliteCode } from './driver.ts';
import { FairQueue } from './fair-queue.ts';
import { FreeSpace } from './free-space.ts';
import type { Reserve } from './reserve.ts';
import type { Answer, AnswerBatch, Failure, Request, RequestBatch } from './protocol.ts';

/** Any mutation, for lists of them. */
export type AnyMutation = Mutation<never, unknown>;

export interface WriterOptions {
  /** What is given up when the disk is full to its last octet. */
  readonly reserve?: Reserve;
  readonly directory: string;
  readonly connection: Connection;
  readonly mutations: readonly AnyMutation[];
  readonly files?: BodyFiles;
  /** Below this much free space, mutations that bring a body are refused. Default: 64 MiB, or a twentieth of a small disk. */
  readonly freeSpaceMarkBytes?: number;
  /** A segment that has grown to this is not appended to any more. Default: 256 MiB, the most. */
  readonly segmentBytes?: number;
  /** Told of a group that could not be made durable. */
  readonly onFailure?: (error: unknown, requests: number) => void;
  /** Told after each commit: keeps the write-ahead log in its bounds. */
  readonly afterCommit?: () => void;
}

/** A thread as the writer sees it. */
export interface WriterClient {
  deliver(batch: AnswerBatch): void;
}

interface Waiting {
  readonly client: WriterClient;
  readonly owner: string;
  readonly request: Request;
  /** Its bodies, where they are on the disk already: there was no time for it in the group before. */
  readonly stored?: readonly StoredBody[];
}

interface Outcome {
  readonly waiting: Waiting;
  answer: Answer;
}

/** A request whose bodies are on the disk. */
interface Ready {
  readonly waiting: Waiting;
  readonly bodies: readonly StoredBody[];
}

/** What every thread hears after a commit. */
type Told = Pick<AnswerBatch, 'hints' | 'topics'>;

/** A group holds at most this many mutations and octets of small bodies. */
const GROUP_REQUESTS = 512;
const GROUP_BYTES = 16 * 2 ** 20;
/** After this time a group is committed as far as it has come; the rest waits for its turn among those who have come meanwhile. */
const GROUP_MS = 20;
/** Who is not known by an account: deliveries and the queue, for many accounts. */
const COMMON_KEY = 0;
/** So many of them have their turn together. */
const COMMON_SHARE = 32;
const CONCERNS_ALL = /^SQLITE_(FULL|IOERR|NOMEM|CORRUPT|NOTADB|BUSY|READONLY|CANTOPEN|PROTOCOL|LOCKED|INTERRUPT)/;

export class Writer {
  readonly #options: WriterOptions;
  readonly #connection: Connection;
  readonly #mutations = new Map<string, AnyMutation>();
  readonly #clients = new Set<WriterClient>();
  readonly #inbox = new FairQueue<Waiting>((key) => (key === COMMON_KEY ? COMMON_SHARE : 1));
  readonly #appender: BodyAppender;
  readonly #space: FreeSpace;
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
    this.#space = new FreeSpace(files, storeDirectory(options.directory), options.freeSpaceMarkBytes);
    const open = this.#connection.one<{ segment: number; size: number }>(
      sql`SELECT segment, size FROM segment WHERE owner = 'writer' AND state = 'open' ORDER BY segment DESC LIMIT 1`,
    );
    const floor = this.#connection.one<{ last: number | null }>(sql`SELECT max(segment) AS last FROM segment`)?.last ?? 0;
    this.#appender = new BodyAppender(options.directory, files, floor, {
      ...(open && { unfinished: { segment: open.segment, sizeBytes: open.size } }),
      ...(options.segmentBytes !== undefined && { limitBytes: options.segmentBytes }),
    });
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

  /** Runs what is waiting, then takes no more. */
  stop(): void {
    while (this.#inbox.size > 0) this.#runGroup();
    this.#isStopped = true;
    this.#appender[Symbol.dispose]();
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
      else this.#tendReserve();
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
    const ready = this.#appendBodies(group, outcomes);
    if (ready.length === 0) return this.#answer(outcomes, { hints: [], topics: [] });
    const { told, count } = this.#transact(ready, outcomes);
    this.#options.afterCommit?.();
    this.#answer(outcomes, told);
    if (count < ready.length)
      this.#inbox.putBack(ready.slice(count).map(({ waiting, bodies }) => [fairnessKey(waiting.request.args), { ...waiting, stored: bodies }]));
  }

  /** Stores the small bodies of a group. Who brought one is refused when that fails; the others go on (an expunge must work on a full disk). */
  #appendBodies(group: readonly Waiting[], outcomes: Outcome[]): Ready[] {
    const isFull = group.some(({ request, stored }) => !stored && request.bodies.length > 0) && this.#space.isBelowMark();
    const accepted: Waiting[] = [];
    const buffers: Uint8Array[] = [];
    for (const waiting of group) {
      if (waiting.stored) {
        accepted.push(waiting);
        continue;
      }
      const { bodies, id } = waiting.request;
      if (isFull && bodies.length > 0) {
        outcomes.push({ waiting, answer: [id, false, { code: 'disk-full', message: 'the disk has too little free space for new messages' }] });
        continue;
      }
      accepted.push(waiting);
      for (const body of bodies) if ('bytes' in body) buffers.push(body.bytes);
    }
    let places: readonly BlobId[] = [];
    let failure: Failure | undefined;
    if (buffers.length > 0) {
      try {
        places = this.#appender.append(buffers);
      } catch (error) {
        this.#options.onFailure?.(error, accepted.length);
        this.#space.forget();
        failure = failureOfGroup(error);
      }
    }
    const ready: Ready[] = [];
    let next = 0;
    for (const waiting of accepted) {
      if (waiting.stored) {
        ready.push({ waiting, bodies: waiting.stored });
        continue;
      }
      const { bodies, id } = waiting.request;
      if (failure && bodies.some((body) => 'bytes' in body)) {
        outcomes.push({ waiting, answer: [id, false, failure] });
        continue;
      }
      ready.push({
        waiting,
        bodies: bodies.map((body) =>
          'bytes' in body ? { blob: places[next++] as BlobId, length: body.bytes.length } : { blob: body.blob, length: body.length },
        ),
      });
    }
    return ready;
  }

  /** Runs mutations in one transaction, the first at least, as many as there is time for; fills `outcomes`. Returns what everybody is to be told. */
  #transact(ready: readonly Ready[], outcomes: Outcome[]): { readonly told: Told; readonly count: number } {
    const run = new GroupRun();
    try {
      // Savepoints cost a copy of each page, and failures after the first write are rare: a group is run without them, and again with them when needed.
      if (!this.#attempt(ready, run, false)) {
        run.clear();
        this.#attempt(ready, run, true);
      }
    } catch (error) {
      this.#space.forget();
      this.#rollBack();
      const frugal = isDiskFull(error) ? ready.filter(({ bodies }) => bodies.length === 0) : [];
      if (frugal.length > 0 && this.#makeRoom()) {
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
    outcomes.push(...run.outcomes);
    return { told: { hints: [...run.hints].flat(), topics: [...run.topics] }, count: run.outcomes.length };
  }

  /** Those for whom there was no time after room had been made try again later. */
  #refuseRest(rest: readonly Ready[], failure: Failure, outcomes: Outcome[], count: number): number {
    for (const { waiting } of rest) outcomes.push({ waiting, answer: [waiting.request.id, false, failure] });
    return count;
  }

  /** On a full disk: gives the reserve up and lets the log begin anew. Returns whether another try may succeed. */
  #makeRoom(): boolean {
    if (!this.#options.reserve?.give()) return false;
    try {
      this.#connection.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // There is the reserve's room at least.
      this.#options.onFailure?.(error, 0);
    }
    return true;
  }

  /** Puts room by again once there is enough, and never in the way of a request. */
  #tendReserve(): void {
    const { reserve } = this.#options;
    if (reserve?.isWanted && !this.#space.isBelowMark()) reserve.make();
  }

  /** Returns false, with nothing done, when a mutation failed half-way and has no savepoint. Throws what concerns the whole group. */
  #attempt(ready: readonly Ready[], run: GroupRun, hasSavepoints: boolean): boolean {
    this.#connection.execute('BEGIN IMMEDIATE');
    const startMs = performance.now();
    for (const { waiting, bodies } of ready) {
      if (performance.now() - startMs > GROUP_MS) break;
      const tx = new GroupTx(bodies);
      const answer = this.#runOne(waiting.request, tx, hasSavepoints);
      if (!answer) {
        this.#connection.execute('ROLLBACK');
        return false;
      }
      run.outcomes.push({ waiting, answer });
      if (answer[1]) run.take(waiting, tx);
    }
    for (const [segment, { owner, size }] of run.segments) this.#recordSegment(segment, owner, size);
    this.#connection.execute('COMMIT');
    return true;
  }

  /** One mutation. Undefined: it failed half-way and there is no savepoint to go back to. Throws only what concerns the whole group. */
  #runOne(request: Request, tx: GroupTx, hasSavepoint: boolean): Answer | undefined {
    const mutation = this.#mutations.get(request.name);
    if (!mutation) return [request.id, false, { code: 'bug', message: `the writer does not know the mutation ${request.name}` }];
    if (hasSavepoint) this.#connection.execute('SAVEPOINT one');
    const writes = this.#connection.writes;
    try {
      this.#checkStreamed(request);
      const result = this.#connection.drive(mutation.program(tx, request.args as never));
      if (hasSavepoint) this.#connection.execute('RELEASE one');
      return [request.id, true, result];
    } catch (error) {
      // After these SQLite may have undone the whole transaction.
      if (CONCERNS_ALL.test(sqliteCode(error) ?? '') || !this.#connection.inTransaction) throw error;
      if (hasSavepoint) {
        this.#connection.execute('ROLLBACK TO one');
        this.#connection.execute('RELEASE one');
      } else if (this.#connection.writes !== writes) return undefined;
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
    this.#connection.run(
      sql`INSERT INTO segment (segment, owner, size) VALUES (${segment}, ${owner}, ${size})
          ON CONFLICT (segment) DO UPDATE SET size = max(size, excluded.size)`,
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

/** What a group's transaction has brought so far. */
class GroupRun {
  readonly outcomes: Outcome[] = [];
  readonly hints = new Map<AccountId, Modseq>();
  readonly topics = new Set<Topic>();
  /** Segments in which a body has been named, and where the last one ends. */
  readonly segments = new Map<number, { readonly owner: string; size: number }>();

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

class GroupTx implements Tx {
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
function fairnessKey(args: unknown): number {
  if (typeof args !== 'object' || args === null) return COMMON_KEY;
  if ('account' in args && typeof args.account === 'number') return args.account;
  if ('mailbox' in args && typeof args.mailbox === 'number') return accountOf(args.mailbox as MailboxId);
  return COMMON_KEY;
}

/** Octets that are still to be written. */
function smallBytes({ request, stored }: Waiting): number {
  let bytes = 0;
  if (stored) return bytes;
  for (const body of request.bodies) if ('bytes' in body) bytes += body.bytes.length;
  return bytes;
}

function failureOfGroup(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return isDiskFull(error)
    ? { code: 'disk-full', message: `the disk is full: ${message}` }
    : { code: 'store-failed', message: `the store cannot write: ${message}` };
}

function failureOfOne(error: unknown): Failure {
  if (error instanceof DomainError) return { code: error.code, message: error.message, details: error.details };
  if (error instanceof Error) return { code: 'bug', message: error.message, stack: error.stack };
  return { code: 'bug', message: String(error) };
}
