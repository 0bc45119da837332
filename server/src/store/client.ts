/**
 * The store as one thread has it: a link to the writer, an own read-only connection, own segments for large bodies, the mailbox tables that its
 * sessions share. Made by `openStore` (open.ts).
 */
import { deferred, type Deferred } from '#core/async.ts';
import { DomainError } from '#core/errors.ts';
import type { AccountId, BlobId, MailboxId, Modseq } from '#core/ids.ts';
import { BlobReader } from './blobs/reader.ts';
import { BodyStreams } from './blobs/stream.ts';
import { HintBus } from './bus/hints.ts';
import type { MailboxBase } from './mailbox-base.ts';
import { MailboxTables } from './mailbox-tables.ts';
import type { Body, Mutation, Topic } from './mutation.ts';
import { packBytes } from './pack-bytes.ts';
import type { Program } from './sql.ts';
import type { Connection } from './sqlite/driver.ts';
import type { AnswerBatch, Failure, Request, RequestBatch } from './sqlite/protocol.ts';
import type { BlobRange, BodyStream, Store } from './store.ts';

/** The way to the writer: a port to its thread, or the writer itself (inline). */
export interface WriterLink {
  /** `memory` holds the octets of the batch, and goes with it. */
  send(batch: RequestBatch, memory: ArrayBuffer | undefined): void;
  /** Set once by the client. `onClosed`: the writer is gone. */
  listen(listener: (batch: AnswerBatch) => void, onClosed: () => void): void;
  close(): Promise<void> | void;
}

export interface StoreClientOptions {
  readonly directory: string;
  /** Unique among the threads of the process and the same after a restart: names the owner of the segments that this thread streams into. */
  readonly owner: string;
  readonly connection: Connection;
  readonly link: WriterLink;
  readonly onBug: (error: unknown) => void;
  /** A segment of this size is full. */
  readonly segmentBytes?: number;
}

export class StoreClient implements Store {
  readonly #connection: Connection;
  readonly #link: WriterLink;
  readonly #owner: string;
  readonly #bus: HintBus;
  readonly #streams: BodyStreams;
  readonly #reader: BlobReader;
  readonly #tables: MailboxTables;
  readonly #waiting = new Map<number, Deferred<unknown>>();
  #outbox: Request[] = [];
  #lastId = 0;
  #state: 'open' | 'closed' = 'open';

  constructor(options: StoreClientOptions) {
    this.#connection = options.connection;
    this.#link = options.link;
    this.#owner = options.owner;
    this.#bus = new HintBus(options.onBug);
    this.#streams = new BodyStreams(options.directory, options.owner, options.connection, options.segmentBytes);
    this.#reader = new BlobReader(options.directory, options.connection);
    // Files of removed segments must not be held open.
    this.#bus.onNotify('segments', () => this.#reader.close());
    this.#tables = new MailboxTables(options.connection, this.#bus);
    this.#link.listen(
      (batch) => this.#receive(batch),
      () => this.#writerGone(),
    );
  }

  commit<Args, Result>(mutation: Mutation<Args, Result>, args: Args, bodies: readonly Body[] = []): Promise<Result> {
    if (this.#state !== 'open') return Promise.reject(closedError());
    const answer = deferred<unknown>();
    const id = ++this.#lastId;
    this.#waiting.set(id, answer);
    this.#outbox.push({ id, name: mutation.name, args, bodies });
    // What this turn of the event loop asks for travels together.
    if (this.#outbox.length === 1) queueMicrotask(() => this.#flush());
    return answer.promise as Promise<Result>;
  }

  // Async so that an error of the program is a rejection; there is no wait inside.
  async query<Result>(program: Program<Result>): Promise<Result> {
    if (this.#state !== 'open') throw closedError();
    return this.#connection.read(() => this.#connection.drive(program));
  }

  streamBody(): BodyStream {
    return this.#streams.begin();
  }

  readBlob(blob: BlobId, start: number, length: number): Promise<Buffer> {
    return this.#reader.read(blob, start, length);
  }

  readBlobs(ranges: readonly BlobRange[]): Promise<readonly Buffer[]> {
    return this.#reader.readMany(ranges);
  }

  async openMailbox(mailbox: MailboxId): Promise<MailboxBase> {
    if (this.#state !== 'open') throw closedError();
    return this.#tables.open(mailbox);
  }

  onChange(account: AccountId, listener: (modseq: Modseq) => void): Disposable {
    return this.#bus.onChange(account, listener);
  }

  onNotify(topic: Topic, listener: () => void): Disposable {
    return this.#bus.onNotify(topic, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    this.#flush();
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    this.#state = 'closed';
    this.#tables[Symbol.dispose]();
    await this.#streams.close();
    this.#reader.close();
    this.#connection[Symbol.dispose]();
    // Last, so that the writer can be the last to leave the database and tidies its log away.
    await this.#link.close();
  }

  #flush(): void {
    const requests = this.#outbox;
    if (requests.length === 0) return;
    this.#outbox = [];
    try {
      const { value, memory } = packBytes<RequestBatch>({ owner: this.#owner, requests });
      this.#link.send(value, memory);
    } catch (error) {
      for (const { id } of requests) this.#settle(id, (waiting) => waiting.reject(error));
    }
  }

  #receive({ answers, hints, topics }: AnswerBatch): void {
    for (const answer of answers) {
      const [id, ok, value] = answer;
      this.#settle(id, (waiting) => (ok ? waiting.resolve(value) : waiting.reject(errorOf(value as Failure))));
    }
    this.#bus.publish(hints, topics);
  }

  #settle(id: number, settle: (waiting: Deferred<unknown>) => void): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    settle(waiting);
  }

  #writerGone(): void {
    for (const waiting of this.#waiting.values())
      waiting.reject(new DomainError('store-failed', 'the writer thread ended; it is unknown whether the change was made'));
    this.#waiting.clear();
    this.#state = 'closed';
  }
}

function closedError(): DomainError {
  return new DomainError('shutting-down', 'the store is closed');
}

function errorOf({ code, message, details, stack }: Failure): Error {
  if (code !== 'bug') return new DomainError(code, message, details);
  const error = new Error(message);
  if (stack !== undefined) error.stack = `${stack}\n    in the writer`;
  return error;
}
