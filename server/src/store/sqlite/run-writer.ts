/**
 * The body of the writer's thread. The composition root has a worker file that calls this with the mutations of all rooms, and starts it with
 * `startWriter`.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from '../open.ts';
import { storeDirectory } from '../blobs/layout.ts';
import { SyncThread } from '../blobs/sync-thread.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Answer, RequestBatch } from './protocol.ts';
import { Reserve } from './reserve.ts';
import type { WriterClient } from './group.ts';
import { type AnyMutation, Writer } from './writer.ts';

/** What the thread is started with (`workerData`). */
export interface WriterThreadData {
  readonly directory: string;
  readonly freeSpaceMarkBytes?: number;
  readonly segmentBytes?: number;
  /** The names of all threads that will open the store. Default: unknown. */
  readonly owners?: readonly string[];
}

/** Main thread to writer thread. */
export type WriterOrder = { readonly kind: 'connect'; readonly port: MessagePort } | { readonly kind: 'stop' };

/** Writer thread to main thread. */
export type WriterReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'failure'; readonly message: string; readonly requests: number }
  | { readonly kind: 'stopped' };

/** Opens the store for writing, reports `ready`, and serves the ports that it is given until told to stop. */
export function runWriter(mutations: readonly AnyMutation[]): void {
  const control = parentPort;
  if (!control) throw new Error('the writer runs in a worker thread');
  const report = (message: WriterReport): void => control.postMessage(message);
  const data = workerData as WriterThreadData;
  let started: { readonly writer: Writer; close(): Promise<void> };
  try {
    started = start(data, mutations, report);
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    report({ kind: 'refused', code, message: error instanceof Error ? error.message : String(error) });
    control.close();
    return;
  }
  const ports = new Set<MessagePort>();
  control.on('message', (order: WriterOrder) => {
    switch (order.kind) {
      case 'connect':
        serve(started.writer, order.port, ports);
        break;
      case 'stop':
        void started.close().then(() => {
          report({ kind: 'stopped' });
          // Open ports would keep the thread alive; their other ends learn by it that the writer has gone.
          for (const port of ports) port.close();
          control.close();
        });
        break;
    }
  });
  report({ kind: 'ready' });
}

function start(data: WriterThreadData, mutations: readonly AnyMutation[], report: (message: WriterReport) => void): { writer: Writer; close(): Promise<void> } {
  const connection = openForWriting(data.directory, data.owners);
  const onFailure = (error: unknown, requests: number): void =>
    report({ kind: 'failure', message: error instanceof Error ? error.message : String(error), requests });
  const checkpointer = new Checkpointer(data.directory, connection, (error) => onFailure(error, 0));
  const bodySync = new SyncThread();
  const writer = new Writer({
    directory: data.directory,
    bodySync,
    connection,
    mutations,
    onFailure,
    reserve: new Reserve(storeDirectory(data.directory)),
    afterCommit: () => checkpointer.afterCommit(),
    ...(data.freeSpaceMarkBytes !== undefined && { freeSpaceMarkBytes: data.freeSpaceMarkBytes }),
    ...(data.segmentBytes !== undefined && { segmentBytes: data.segmentBytes }),
  });
  return {
    writer,
    close: async () => {
      writer.stop();
      await Promise.all([checkpointer.stop(), bodySync[Symbol.asyncDispose]()]);
      connection[Symbol.dispose]();
    },
  };
}

function clonable(answer: Answer, error: unknown): Answer {
  try {
    structuredClone(answer);
    return answer;
  } catch {
    return [answer[0], false, { code: 'bug', message: `the change was made, its result cannot be sent: ${String(error)}` }];
  }
}

function serve(writer: Writer, port: MessagePort, ports: Set<MessagePort>): void {
  ports.add(port);
  const client: WriterClient = {
    deliver: (batch) => {
      try {
        port.postMessage(batch);
      } catch (error) {
        // A result that cannot be cloned is a bug of one mutation; the thread and the others must go on.
        port.postMessage({ ...batch, answers: batch.answers.map((answer) => clonable(answer, error)) });
      }
    },
  };
  writer.addClient(client);
  port.on('message', (batch: RequestBatch) => writer.submit(client, batch));
  port.on('close', () => {
    ports.delete(port);
    writer.removeClient(client);
  });
}
