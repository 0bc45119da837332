/** The protocol threads as the main thread sees them: started together, one that dies is replaced, all stopped together. */
import { type MessagePort, Worker } from 'node:worker_threads';
import { type Deferred, deferred, sleep } from '#core/async.ts';
import type { Log } from '#log/log.ts';
import type { CertificatePem } from '#net/certificate.ts';
import type { ProtocolThreadData, ThreadOrder, ThreadReport } from './thread-messages.ts';

export interface ProtocolThreadsOptions {
  readonly count: number;
  readonly data: Omit<ProtocolThreadData, 'index'>;
  readonly log: Log;
  /** The worker file, for tests that let a thread die. */
  readonly file?: URL;
}

/** A thread must have served for so long before its next death counts as a first one. */
const STEADY_MS = 60_000;
/** Listeners give their clients six seconds; a thread that needs much longer hangs. */
const STOP_MS = 15_000;
/**
 * Three times one half of the space in which V8 makes new objects, so two megabytes each. Long replies go through buffers that live for milliseconds, and V8 looks for
 * dead ones only when they take up some multiple of this space. With its default of 48 each large FETCH took fresh memory from the system, page by page: at first
 * 80 MB a thread, which cost as much as the rest of the work. With one megabyte each, though, collecting garbage took a
 * fifth of the time of a thread that takes mail from elsewhere.
 */
const YOUNG_MB = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Starts the threads; resolves when all have their ports. Throws, in one clear line, when one cannot have them. */
export async function startProtocolThreads(options: ProtocolThreadsOptions): Promise<ProtocolThreads> {
  const threads = new ProtocolThreads(options);
  try {
    await threads.bound();
    return threads;
  } catch (error) {
    await threads.terminate();
    throw error;
  }
}

export class ProtocolThreads {
  readonly #log: Log;
  readonly #file: URL;
  readonly #places: Place[];
  readonly #failed = deferred<Error>();
  #data: Omit<ProtocolThreadData, 'index'>;
  #connect: (() => MessagePort) | undefined;
  #isStopping = false;

  constructor({ count, data, log, file = new URL('./protocol-thread.ts', import.meta.url) }: ProtocolThreadsOptions) {
    this.#file = file;
    this.#log = log;
    this.#data = data;
    this.#places = Array.from({ length: count }, (_, index) => this.#start(index, 0));
  }

  /** Resolves when a thread cannot be replaced. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  async bound(): Promise<void> {
    await Promise.all(this.#places.map(({ bound }) => bound.promise));
  }

  /** Lets the threads open the store and serve; `connect` makes a port to the writer for each, now and for those that take a dead one's place. */
  async open(connect: () => MessagePort): Promise<void> {
    this.#connect = connect;
    for (const place of this.#places) this.#open(place, connect);
    await Promise.all(this.#places.map(({ serving }) => serving.promise));
  }

  /** Other certificates from the next handshake on. */
  reload(certificates: readonly CertificatePem[], ticketKeys: Uint8Array): void {
    this.#data = { ...this.#data, certificates, ticketKeys };
    for (const { worker } of this.#places) post(worker, { kind: 'certificates', certificates, ticketKeys });
  }

  /** Lets every session say goodbye and ends the threads. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { worker } of this.#places) post(worker, { kind: 'stop' });
    const all = Promise.all(this.#places.map(({ ended }) => ended.promise));
    const isLate = await Promise.race([all.then(() => false), sleep(STOP_MS).then(() => true)]);
    if (isLate) await this.terminate();
  }

  /** Ends the threads as they are. */
  async terminate(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#places.map(({ worker }) => worker.terminate()));
  }

  #start(index: number, deaths: number): Place {
    const worker = new Worker(this.#file, {
      workerData: { ...this.#data, index } satisfies ProtocolThreadData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const place: Place = {
      index,
      worker,
      bound: deferred(),
      serving: deferred(),
      ended: deferred(),
      deaths,
      startedAtMs: performance.now(),
      failure: undefined,
    };
    // Whoever still waits is told by the rejection; nobody has to.
    place.bound.promise.catch(() => undefined);
    place.serving.promise.catch(() => undefined);
    worker.on('message', (message: ThreadReport) => {
      if (message.kind === 'bound') place.bound.resolve();
      else if (message.kind === 'serving') place.serving.resolve();
      else place.failure = new Error(message.message);
    });
    worker.on('error', (error: unknown) => {
      place.failure ??= error instanceof Error ? error : new Error(String(error));
      this.#log.error('server.worker.died', error, { worker: `protocol-${index}` });
    });
    worker.on('exit', () => this.#ended(place));
    return place;
  }

  #open(place: Place, connect: () => MessagePort): void {
    const port = connect();
    post(place.worker, { kind: 'open', port }, [port]);
  }

  #ended(place: Place): void {
    const failure = place.failure ?? new Error('the thread ended');
    place.ended.resolve();
    place.bound.reject(failure);
    place.serving.reject(failure);
    // Before all serve, a death is a failed start, which `bound` and `open` report.
    if (this.#isStopping || this.#connect === undefined) return;
    void this.#replace(place);
  }

  /** Puts a new thread into a dead one's place, after a pause that grows while it goes on dying. */
  async #replace(place: Place): Promise<void> {
    const deaths = performance.now() - place.startedAtMs > STEADY_MS ? 1 : place.deaths + 1;
    await sleep(Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 1), LONGEST_PAUSE_MS));
    if (this.#isStopping || this.#connect === undefined) return;
    const next = this.#start(place.index, deaths);
    this.#places[place.index] = next;
    try {
      await next.bound.promise;
      if (this.#connect !== undefined) this.#open(next, this.#connect);
    } catch (error) {
      // The ports cannot be had again, as after giving up root: only a fresh start of the program can help.
      this.#failed.resolve(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

interface Place {
  readonly index: number;
  readonly worker: Worker;
  readonly bound: Deferred<void>;
  readonly serving: Deferred<void>;
  readonly ended: Deferred<void>;
  /** How often the thread in this place has died in a row. */
  readonly deaths: number;
  readonly startedAtMs: number;
  failure: Error | undefined;
}

function post(worker: Worker, order: ThreadOrder, transfer: MessagePort[] = []): void {
  worker.postMessage(order, transfer);
}
