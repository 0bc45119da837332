/**
 * Opens the store of a data directory. What is in this room:
 *
 *   store.ts, mailbox-base.ts, mutation.ts, sql.ts, flags.ts    the interfaces that rooms above see
 *   open.ts, client.ts                                          one Store a thread
 *   mutations.ts                                                the list of this room's mutations; one file each:
 *     account-mail, create-/rename-/delete-mailbox, subscribe, append, add-message (a program for delivery), update-flags, copy-messages (and move),
 *     expunge, claim-recent
 *   list-mailboxes, read-messages, read-change-log, keywords    queries: `store.query(listMailboxes(account))`
 *   live-mailbox, entry-columns, mailbox-tables                 the shared table of an open mailbox
 *   sqlite/                                                     driver, writer, migrations, lock
 *   journal/                                                    what makes a group durable, and does it again after a power cut
 *   blobs/                                                      body segments: append, stream, read
 *   bus/                                                        hints
 *
 * docs/store.md tells the layout on disk and the order in which things become durable.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { metadataFile, segmentsDirectory, storeDirectory } from './blobs/layout.ts';
import { DomainError } from '#core/errors.ts';
import { type BodyFiles, diskFiles } from './blobs/files.ts';
import { StoreClient, type WriterLink } from './client.ts';
import { Connection } from './sqlite/driver.ts';
import { recoverJournal } from './journal/recover.ts';
import { lockDirectory } from './sqlite/lock.ts';
import { migrate } from './sqlite/migrate.ts';
import { prepareSegments } from './blobs/prepare-segments.ts';
import type { WriterClient } from './sqlite/group.ts';
import { type AnyMutation, Writer } from './sqlite/writer.ts';
import type { Store } from './store.ts';

export interface InlineStoreOptions {
  readonly directory: string;
  /** Of all rooms. */
  readonly mutations: readonly AnyMutation[];
  /** The writer runs in this thread: for tests, and for commands while the server is stopped. */
  readonly inline: true;
  /** False when the caller has the directory's lock already. */
  readonly lock?: boolean;
  /** A failing disk, for tests. */
  readonly files?: BodyFiles;
  readonly freeSpaceMarkBytes?: number;
  /** Smaller segments, for tests. */
  readonly segmentBytes?: number;
  /** Bugs of listeners and failed groups. Default: thrown on the next turn. */
  readonly onError?: (error: unknown) => void;
}

export interface ThreadStoreOptions {
  readonly directory: string;
  /** From `WriterThread.connect`. */
  readonly port: MessagePort;
  /** A name for the thread, unique in the process and the same after a restart (`worker-1`): its segments carry it. */
  readonly owner: string;
  /** Bugs of listeners. */
  readonly onError: (error: unknown) => void;
  readonly segmentBytes?: number;
}

/** How much of the database is read through a memory map, shared by the process. */
const READ_MAP_BYTES = 2 ** 30;

/**
 * The store for this thread: with a port, next to the writer's thread (sqlite/start-writer.ts); inline, with a writer of its own.
 * Inline it throws `not-permitted` when another process uses the directory, `store-failed` for a newer schema.
 */
export async function openStore(options: InlineStoreOptions | ThreadStoreOptions): Promise<Store> {
  return 'inline' in options ? openInline(options) : openForThread(options);
}

function openForThread({ directory, port, owner, onError, segmentBytes }: ThreadStoreOptions): Store {
  const link: WriterLink = {
    listen: (listener, onClosed) => {
      port.on('message', listener);
      port.on('close', onClosed);
    },
    send: (batch, memory) => port.postMessage(batch, memory ? [memory] : []),
    close: () => port.close(),
  };
  return new StoreClient({
    directory,
    owner,
    connection: openForReading(directory),
    link,
    onBug: onError,
    ...(segmentBytes !== undefined && { segmentBytes }),
  });
}

function openInline(options: InlineStoreOptions): Store {
  const { directory, segmentBytes } = options;
  const lock = options.lock === false ? undefined : lockDirectory(directory);
  const onError = options.onError ?? throwLater;
  try {
    const connection = openForWriting(directory);
    const writer = new Writer({
      directory,
      connection,
      mutations: options.mutations,
      onFailure: onError,
      onFatal: onError,
      ...(options.files && { files: options.files }),
      ...(segmentBytes !== undefined && { segmentBytes }),
      ...(options.freeSpaceMarkBytes !== undefined && { freeSpaceMarkBytes: options.freeSpaceMarkBytes }),
    });
    const link = inlineLink(writer, () => {
      connection[Symbol.dispose]();
      lock?.[Symbol.dispose]();
    });
    return new StoreClient({
      directory,
      owner: 'inline',
      connection: openForReading(directory),
      link,
      onBug: onError,
      ...(segmentBytes !== undefined && { segmentBytes }),
    });
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}

/** Makes directories, does again what a power cut has taken, runs migrations, cuts off what a crash left in segments: the writer's part, before any other thread opens the store. */
export function openForWriting(directory: string, owners?: readonly string[]): Connection {
  makeDirectories(directory);
  const connection = new Connection(metadataFile(directory), { cacheBytes: 64 * 2 ** 20 });
  try {
    recoverJournal(directory, connection);
    migrate(connection, storeDirectory(directory));
    prepareSegments(directory, connection, owners);
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

/** The store's directories, durable; refuses to begin a new database beside bodies of an old one, which would be removed as unknown. */
function makeDirectories(directory: string): void {
  const made = fs.mkdirSync(segmentsDirectory(directory), { recursive: true, mode: 0o700 });
  if (made !== undefined) for (const place of [path.dirname(directory), directory, storeDirectory(directory)]) diskFiles.syncDirectory(place);
  if (fs.existsSync(metadataFile(directory))) return;
  const bodies = fs.readdirSync(segmentsDirectory(directory)).find((name) => fs.statSync(path.join(segmentsDirectory(directory), name)).size > 0);
  if (bodies !== undefined)
    throw new DomainError(
      'store-failed',
      `${metadataFile(directory)} is missing while there are messages in ${segmentsDirectory(directory)}: restore it from a backup, or move the segments away`,
    );
}

export function openForReading(directory: string): Connection {
  return new Connection(metadataFile(directory), { readonly: true, mmapBytes: READ_MAP_BYTES });
}

/** A link to a writer in the same thread; answers come on a later turn, as from another thread. */
function inlineLink(writer: Writer, onClose: () => void): WriterLink {
  let client: WriterClient | undefined;
  return {
    listen: (listener) => {
      client = { deliver: listener };
      writer.addClient(client);
    },
    send: (batch, memory) => {
      if (client) writer.submit(client, structuredClone(batch, { transfer: memory ? [memory] : [] }));
    },
    close: () => {
      writer.stop();
      if (client) writer.removeClient(client);
      onClose();
    },
  };
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
