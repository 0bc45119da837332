/**
 * Keeps the write-ahead log in bounds without making the writer wait. Another thread copies the log's pages into the database (PASSIVE: it blocks
 * nobody); the writer itself only copies the little that came meanwhile, so that the log can begin anew.
 */
import { Worker } from 'node:worker_threads';
import type { Connection } from './driver.ts';

/** Frames (pages of 4 KiB) waiting to be copied that are worth a round: 16 MiB. A page that was written ten times meanwhile is copied once. */
const ROUND_FRAMES = 4_096;
/** From this length the writer helps to bring the log to its end: 32 MiB. */
const LONG_FRAMES = 8_192;
/** What the writer copies itself without a noticeable pause: 2 MiB. */
const REST_FRAMES = 512;
/** From this length the writer copies whatever there is: 512 MiB. */
const TOO_LONG_FRAMES = 131_072;
const LOOK_EVERY_MS = 50;

/** A row of `PRAGMA wal_checkpoint`. */
export interface CheckpointRow {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** What a round came to. A full disk makes it fail; the next one is tried when the writer looks again. */
export type CheckpointReport = CheckpointRow | { readonly failure: string };

export class Checkpointer {
  readonly #connection: Connection;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #onError: (error: unknown) => void;
  #isRunning = false;
  /** Frames that had been copied when the last round ended. */
  #copied = 0;
  #lookedAtMs = 0;

  constructor(directory: string, connection: Connection, onError: (error: unknown) => void) {
    this.#connection = connection;
    connection.pragma('wal_autocheckpoint = 0');
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData: { directory } });
    this.#onError = onError;
    this.#worker.on('message', (report: CheckpointReport) => {
      this.#isRunning = false;
      if ('failure' in report) onError(new Error(report.failure));
      else this.#finish(report);
    });
    this.#worker.on('error', onError);
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => resolve());
    });
  }

  /** Cheap: looks at the log now and then. */
  afterCommit(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    const { log, checkpointed } = this.#checkpoint('NOOP');
    if (log > TOO_LONG_FRAMES) this.#checkpoint('PASSIVE');
    else if (!this.#isRunning && log - checkpointed >= ROUND_FRAMES) this.#run();
  }

  async stop(): Promise<void> {
    this.#worker.postMessage('stop');
    await this.#ended;
  }

  #run(): void {
    this.#isRunning = true;
    this.#worker.postMessage('round');
  }

  /** After a round: the log is read again from its beginning only when every frame has been copied at some moment, so the writer copies the rest. */
  #finish({ log, checkpointed }: CheckpointRow): void {
    const hasProgress = checkpointed !== this.#copied;
    this.#copied = checkpointed;
    if (log < LONG_FRAMES) return;
    const now = this.#checkpoint('NOOP');
    if (now.log - now.checkpointed <= REST_FRAMES) this.#checkpoint('PASSIVE');
    // Without progress a reader holds an old snapshot: the next look (afterCommit) tries again.
    else if (hasProgress) this.#run();
  }

  #checkpoint(mode: 'NOOP' | 'PASSIVE'): CheckpointRow {
    try {
      const [row] = this.#connection.pragma(`wal_checkpoint(${mode})`) as CheckpointRow[];
      if (row) return row;
    } catch (error) {
      this.#onError(error);
    }
    return { busy: 1, log: 0, checkpointed: 0 };
  }
}
