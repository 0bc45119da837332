/** Starts the writer's thread and hands out ports to it: for the main thread of a server. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { deferred } from '#core/async.ts';
import { DOMAIN_ERRORS, DomainError, type DomainErrorCode } from '#core/errors.ts';
import type { WriterOrder, WriterReport, WriterThreadData } from './run-writer.ts';

export interface WriterThread extends AsyncDisposable {
  /** A new port to the writer, to be given (transferred) to the thread that opens a store with it. */
  connect(): MessagePort;
  /** Resolves when the thread has ended without having been asked to: the process must be restarted, what was in flight is unknown to its callers. */
  readonly died: Promise<Error>;
}

export interface StartWriterOptions extends WriterThreadData {
  /** The worker file of the composition root, which calls `runWriter`. */
  readonly file: URL;
  /** Told of groups that could not be made durable (their callers were refused). */
  readonly onFailure: (message: string, requests: number) => void;
}

/**
 * Three times one half of the space in which V8 makes new objects, so eight megabytes each. With V8's default it grows to 140 MB under load, because nearly nothing
 * outlives a group: memory that is touched once in a while only, and costs more time than it saves.
 */
const YOUNG_MB = 24;

/**
 * Starts it and waits until the store is open. The caller holds the directory's lock (lock.ts).
 * Throws what kept it from opening: `store-failed` for a newer schema, I/O errors.
 */
export async function startWriter(options: StartWriterOptions): Promise<WriterThread> {
  const { file, onFailure, ...data } = options;
  const worker = new Worker(file, { workerData: data satisfies WriterThreadData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  const ready = deferred<void>();
  const died = deferred<Error>();
  const ended = deferred<void>();
  let isStopping = false;
  worker.on('message', (message: WriterReport) => {
    switch (message.kind) {
      case 'ready':
        ready.resolve();
        break;
      case 'refused':
        isStopping = true;
        ready.reject(isDomainCode(message.code) ? new DomainError(message.code, message.message) : new Error(message.message));
        break;
      case 'failure':
        onFailure(message.message, message.requests);
        break;
      case 'stopped':
        break;
    }
  });
  worker.on('error', (error: unknown) => {
    const reason = error instanceof Error ? error : new Error(String(error));
    ready.reject(reason);
    died.resolve(reason);
  });
  worker.on('exit', () => {
    ended.resolve();
    if (!isStopping) died.resolve(new Error('the writer thread ended'));
  });
  await ready.promise;

  const order = (message: WriterOrder, transfer: MessagePort[] = []): void => worker.postMessage(message, transfer);
  return {
    died: died.promise,
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      order({ kind: 'connect', port: port1 }, [port1]);
      return port2;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isStopping) {
        isStopping = true;
        order({ kind: 'stop' });
      }
      await ended.promise;
    },
  };
}

function isDomainCode(code: string | undefined): code is DomainErrorCode {
  return code !== undefined && Object.hasOwn(DOMAIN_ERRORS, code);
}
