/**
 * The server from start to stop: everything is opened here in its order, and closed in the reverse one.
 *
 * certificates -> data directory and its lock -> ports, probed and then opened by the protocol threads -> root given up -> writer (migrates) -> protocol
 * threads serve -> control socket. Started as root, the data directory is touched as its owner only.
 */
import os from 'node:os';
import { OPERATIONS } from '#admin/operations.ts';
import type { AdminServices } from '#admin/operation.ts';
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { Lifecycle } from '#core/lifecycle.ts';
import { type OpenDirectory, openDirectory } from '#directory/open-directory.ts';
import type { Log } from '#log/log.ts';
import { makeTicketKeys } from '#net/tls-context.ts';
import { openStore } from '#store/open.ts';
import { lockDirectory } from '#store/sqlite/lock.ts';
import { startWriter } from '#store/sqlite/start-writer.ts';
import type { Store } from '#store/store.ts';
import { callOperation, type OperationRequest } from './call-operation.ts';
import { readCertificates } from './certificates.ts';
import { openControlSocket } from './control-socket.ts';
import { startJobs } from './jobs.ts';
import { bindings, checkDistinct, probePorts } from './ports.ts';
import { asUser, becomeUser, checkProgramIsReadable, isRoot, prepareDataDirectory, serviceUser } from './privileges.ts';
import { type ProtocolThreads, startProtocolThreads } from './protocol-threads.ts';
import { streamOwner } from './thread-messages.ts';
import { makeSharedMemory, protocolThreadCount } from './shared-memory.ts';
import { makeResolver } from './resolver.ts';
import { queueSettings } from './queue-settings.ts';
import { startSending } from './sending.ts';
import { signInLimits } from './sign-in-limits.ts';
import { siteServices } from './site.ts';
import { VERSION } from './version.ts';

export interface RunningServer extends AsyncDisposable {
  /** For operations and jobs of the main thread. */
  readonly services: AdminServices;
  /** Does an operation as the administrator. Throws DomainError. */
  call(operation: string, input: unknown): Promise<unknown>;
  /** Reads the certificates again; on failure the old ones stay, and it throws in one clear line. */
  reload(): void;
  /** Resolves when the server cannot go on and must be started anew. */
  readonly failed: Promise<Error>;
}

/** The name under which the store knows this thread. */
const MAIN = 'main';
const TICKET_KEY_LIFE_MS = 24 * 3600 * 1000;

export interface StartOptions {
  readonly config: Config;
  readonly log: Log;
  /** Whether the log says which ports are open. */
  readonly isAnnounced: boolean;
  /** Other worker files, for tests that let threads die. */
  readonly files?: { readonly writer?: URL; readonly protocol?: URL };
}

/** Starts a server. Throws in one clear line what keeps it from starting; then nothing of it is left. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const lifecycle = new Lifecycle();
  try {
    return await start(options, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function start({ config, log, isAnnounced, files }: StartOptions, lifecycle: Lifecycle): Promise<RunningServer> {
  const { dataDirectory, domain } = config.server;
  const onError = (error: unknown): void => void log.error('server.bug', error);
  let certificates = readCertificates(config.tls);
  const all = bindings(config);
  checkDistinct(all);
  const sendingSettings = queueSettings(config);
  const user = serviceUser(config.server, dataDirectory);
  checkProgramIsReadable(user);
  prepareDataDirectory(dataDirectory, user);
  const lock = asUser(user, () => lockDirectory(dataDirectory));
  lifecycle.onStop('lock', () => lock[Symbol.dispose]());

  await probePorts(all);
  const count = protocolThreadCount(config, os.availableParallelism());
  let ticketKeys: Uint8Array = makeTicketKeys();
  const shared = makeSharedMemory(count);
  const starting = startProtocolThreads({
    count,
    log,
    data: { config, bindings: all, shared, certificates, ticketKeys },
    ...(files?.protocol && { file: files.protocol }),
  });
  let threads: ProtocolThreads | undefined;
  // As root, nothing may be written before the ports are open and root is given up; otherwise both go on at once.
  if (user !== undefined) {
    threads = await starting;
    becomeUser(user);
  }
  const writing = startWriter({
    file: files?.writer ?? new URL('./writer-thread.ts', import.meta.url),
    directory: dataDirectory,
    freeSpaceMarkBytes: config.store.freeSpaceMarkBytes,
    owners: [MAIN, ...Array.from({ length: count }, (_, index) => streamOwner(index))],
    onFailure: (message, requests) => log.warn('store.failed', { message, requests }),
  });
  const [started, written] = await Promise.allSettled([threads ?? starting, writing]);
  if (written.status === 'fulfilled') lifecycle.onStop('writer', () => written.value[Symbol.asyncDispose]());
  // The queue writes its results through the store to its very end: what it could not write would be sent again.
  let opened: Store | undefined;
  lifecycle.onStop('store', () => opened?.[Symbol.asyncDispose]());
  let people: OpenDirectory | undefined;
  lifecycle.onStop('directory', () => people?.[Symbol.asyncDispose]());
  const ends: Array<() => PromiseLike<unknown>> = [];
  // Doors and queue at once: each waits for others.
  lifecycle.onStop('doors and queue', async () => void (await Promise.all(ends.map((end) => end()))));
  if (started.status === 'fulfilled') ends.push(() => started.value.stop());
  if (started.status === 'rejected') throw started.reason;
  if (written.status === 'rejected') throw written.reason;
  const doors = started.value;
  const writer = written.value;

  const store = await openStore({ directory: dataDirectory, port: writer.connect(), owner: MAIN, onError });
  opened = store;
  const services: AdminServices = { store, clock: systemClock, log, primaryDomain: domain, dataDirectory, ...siteServices(config) };
  const directory = openDirectory({ store, log, signIn: shared.signIn, limits: signInLimits(config), helpUrl: config.server.signInHelpUrl });
  people = directory;
  const call = (request: OperationRequest): Promise<unknown> => callOperation({ operations: OPERATIONS, services, directory }, request);
  await doors.open(() => writer.connect());
  const sending = await startSending({ config, settings: sendingSettings, store, directory, log });
  ends.push(() => sending[Symbol.asyncDispose]());
  const jobs = startJobs({ config, store, log, resolver: await makeResolver(config) });
  lifecycle.onStop('jobs', () => jobs[Symbol.asyncDispose]());
  const controlSocket = await openControlSocket({ dataDirectory, log, call });
  lifecycle.onStop('control socket', () => controlSocket[Symbol.asyncDispose]());

  const reload = (): void => {
    certificates = readCertificates(config.tls);
    ticketKeys = makeTicketKeys();
    doors.reload(certificates, ticketKeys);
    for (const { source } of certificates) log.info('net.certificate.loaded', { certificate: source });
  };
  // A stolen ticket key opens a day's sessions at most (RFC 9325 §7.4).
  const rotation = setInterval(() => {
    ticketKeys = makeTicketKeys();
    doors.reload(certificates, ticketKeys);
  }, TICKET_KEY_LIFE_MS);
  lifecycle.onStop('ticket keys', () => clearInterval(rotation));
  if (isAnnounced) for (const { name, address, port } of all) log.info('net.listening', { listener: name, address, port });
  if (isAnnounced && isRoot()) log.warn('server.root', { directory: dataDirectory });
  log.info('server.started', { version: VERSION, hostname: config.server.hostname, threads: count, process: process.pid });

  return {
    services,
    call: (operation, input) => call({ operation, input }),
    reload,
    failed: Promise.race([writer.died, doors.failed]),
    [Symbol.asyncDispose]: () => lifecycle.stop(),
  };
}
