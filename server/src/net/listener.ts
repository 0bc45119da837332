/**
 * One listener: accepts clients, keeps limits, wraps each socket as a Connection, runs the door on it and cleans up after it.
 *
 * Several threads open the same listener through SO_REUSEPORT, which would also hide a foreign program on the port: `probePort` is for that.
 * RFC 8314 (implicit TLS) · RFC 7301 (ALPN)
 */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { threadId } from 'node:worker_threads';
import type { Log } from '#log/log.ts';
import { canonicalAddress, isLoopback, limitKey, NetworkList } from './address.ts';
import { type Connection, type ListenerName, NetError } from './connection.ts';
import { makeRoomForSocket } from './local-socket.ts';
import { readProxyHeader } from './proxy-header.ts';
import { type RateLimiter, SharedCounts } from './rate-limit.ts';
import { type ConnectionTimeouts, SocketConnection } from './socket-connection.ts';
import type { TlsContexts } from './tls-context.ts';
import { TlsUpgrader } from './tls-upgrade.ts';

/** A protocol: runs one conversation. Returning ends it. */
export type Door = (connection: Connection) => Promise<void>;

/** Why a client was turned away before its first word. */
export type RefusalCause = 'too-many-connections' | 'too-many-from-address' | 'too-fast';

export interface ListenerOptions {
  readonly name: ListenerName;
  /** An IP address to bind, `::` for both families; ignored with `path`. */
  readonly address: string;
  /** 0 lets the system choose (see `Listener.port`). */
  readonly port: number;
  /** A local socket instead of a port. */
  readonly path?: string | undefined;
  readonly implicitTls: boolean;
  /** Needed for implicit TLS and for `startTls`. */
  readonly tls?: TlsContexts | undefined;
  /** The protocol's ALPN name, where it has one: `imap`, `pop3`, `managesieve`, `http/1.1`. */
  readonly alpn?: string | undefined;
  /** Addresses and networks of load balancers; they must, and nobody else may, begin with a PROXY header. */
  readonly proxyFrom?: readonly string[] | undefined;
  readonly limits?: Partial<ListenerLimits> | undefined;
  readonly timeouts?: Partial<ConnectionTimeouts> | undefined;
  /** Connections now, counted over all threads. */
  readonly counts?: SharedCounts | undefined;
  /** How often one address may connect, over all threads. */
  readonly acceptRate?: RateLimiter | undefined;
  /** The polite line for a refused client, sent where the line is plain: `421 4.7.0 Too many connections\r\n`. */
  readonly refuse?: ((cause: RefusalCause) => string) | undefined;
  /** Set where other threads open the same port. */
  readonly isShared?: boolean | undefined;
  readonly door: Door;
  readonly log: Log;
}

export interface ListenerLimits {
  readonly connections: number;
  /** From one IPv4 address or IPv6 /64; loopback and local sockets are exempt from this one. */
  readonly connectionsPerAddress: number;
}

const DEFAULT_LIMITS: ListenerLimits = { connections: 20_000, connectionsPerAddress: 100 };
const DEFAULT_TIMEOUTS: ConnectionTimeouts = { readMs: 5 * 60_000, unitMs: 5 * 60_000, writeMs: 5 * 60_000, handshakeMs: 30_000 };
/** After `signal` has aborted, doors have this long to return before their sockets are destroyed. */
const ABORT_GRACE_MS = 1000;

/** Opens a listener; resolves when it accepts clients. Throws with one clear line when the address cannot be bound. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const listener = new Listener(options);
  await listener.listen();
  return listener;
}

/** Fails with one clear line when another program has the port; to be called once, before threads open it shared. */
export async function probePort(name: ListenerName, address: string, port: number): Promise<void> {
  const server = createServer();
  await bind(server, { host: address, port, exclusive: true }, name, `${address} port ${port}`);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

let connectionNumber = 0;
const connectionPrefix = `${randomBytes(2).toString('hex')}${threadId.toString(36)}`;

export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server;
  readonly #connections = new Set<SocketConnection>();
  readonly #counts: SharedCounts;
  readonly #proxies: NetworkList;
  readonly #log: Log;
  readonly timeouts: ConnectionTimeouts;
  readonly upgrader: TlsUpgrader | undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    if (options.implicitTls && !options.tls) throw new Error(`listener "${options.name}" needs a certificate`);
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#counts = options.counts ?? new SharedCounts();
    this.#proxies = new NetworkList(options.proxyFrom ?? []);
    this.#log = options.log.with({ listener: options.name });
    this.upgrader = options.tls ? new TlsUpgrader(options.tls.createServer(options.alpn)) : undefined;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 120_000 }, (socket) => {
      this.#accept(socket);
    });
  }

  get name(): ListenerName {
    return this.#options.name;
  }

  get port(): number {
    const address = this.#server.address() as AddressInfo | string | null;
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Connections of this thread now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  async listen(): Promise<void> {
    const { name, path, address, port, isShared } = this.#options;
    if (path !== undefined) {
      await makeRoomForSocket(path, name);
      await bind(this.#server, { path }, name, path);
    } else await bind(this.#server, { host: address, port, reusePort: isShared === true }, name, `${address} port ${port}`);
    // A failing accept (out of file descriptors) ends one connection and never the server.
    this.#server.on('error', (error) => {
      this.#log.warn('net.refused', { cause: error.message });
    });
    this.#log.info('net.listening', path === undefined ? { address, port: this.port } : { path });
  }

  /** Takes no more clients, tells sessions, waits `graceMs` for them to end, then ends them. */
  close(graceMs: number = 5000): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  closed(connection: SocketConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#counts.add(limitKey(connection.remote.address), -1);
    const { inBytes, outBytes } = connection.traffic;
    const seconds = Math.round((performance.now() - connection.startedAtMs) / 100) / 10;
    this.#log.info('net.disconnected', { connection: connection.id, remote: connection.remote.address, seconds, inBytes, outBytes });
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  async #close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#server.close();
    for (const connection of this.#connections) connection.announceClosing();
    await this.#empty(graceMs);
    for (const connection of this.#connections) connection.abort(new NetError('aborted', 'the server stops'));
    await this.#empty(ABORT_GRACE_MS);
    for (const connection of this.#connections) connection.destroy();
  }

  /** Resolves when no connection is left, at the latest after `ms`. */
  #empty(ms: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #accept(socket: Socket): void {
    const isLocal = this.#options.path !== undefined;
    const remoteText = isLocal ? 'local' : socket.remoteAddress;
    if (remoteText === undefined || this.#isClosing) {
      socket.destroy();
      return;
    }
    const remote = { address: isLocal ? 'local' : (canonicalAddress(remoteText) ?? remoteText), port: socket.remotePort ?? 0 };
    const local = { address: isLocal ? 'local' : (canonicalAddress(socket.localAddress ?? '') ?? ''), port: socket.localPort ?? 0 };
    connectionNumber++;
    const connection = new SocketConnection(`${connectionPrefix}${connectionNumber.toString(36)}`, this, socket, remote, local);
    this.#connections.add(connection);
    this.#counts.add(limitKey(remote.address), 1);
    void this.#serve(connection);
  }

  async #serve(connection: SocketConnection): Promise<void> {
    const { implicitTls, door } = this.#options;
    try {
      if (this.#proxies.has(connection.remote.address)) await this.#readProxy(connection);
      const cause = this.#refusal(connection.remote.address);
      if (cause) {
        this.#refuse(connection, cause);
        return;
      }
      if (implicitTls) await connection.secure();
      await door(connection);
      connection.finish();
    } catch (error) {
      this.#failed(connection, error);
    }
  }

  async #readProxy(connection: SocketConnection): Promise<void> {
    const proxied = await readProxyHeader(connection.reader);
    if (!proxied) return;
    this.#counts.add(limitKey(connection.remote.address), -1);
    connection.remote = proxied.remote;
    connection.local = proxied.local;
    this.#counts.add(limitKey(connection.remote.address), 1);
  }

  /** The connection itself is counted already. */
  #refusal(address: string): RefusalCause | undefined {
    if (this.#counts.total > this.#limits.connections) return 'too-many-connections';
    if (isLoopback(address)) return undefined;
    const key = limitKey(address);
    if (this.#counts.of(key) > this.#limits.connectionsPerAddress) return 'too-many-from-address';
    if (this.#options.acceptRate && !this.#options.acceptRate.take(key)) return 'too-fast';
    return undefined;
  }

  #refuse(connection: SocketConnection, cause: RefusalCause): void {
    this.#log.info('net.refused', { remote: connection.remote.address, cause });
    if (this.#options.implicitTls) {
      connection.destroy();
      return;
    }
    const line = this.#options.refuse?.(cause);
    if (line !== undefined) connection.writer.write(line);
    connection.finish();
  }

  #failed(connection: SocketConnection, error: unknown): void {
    if (error instanceof NetError) {
      if (error.code === 'tls-failed') {
        this.#log.info('net.tls.failed', { connection: connection.id, remote: connection.remote.address, reason: error.message });
        connection.destroy();
      } else connection.finish();
      return;
    }
    this.#log.error('server.bug', error, { connection: connection.id });
    connection.destroy();
  }
}

interface Place {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly exclusive?: boolean;
  readonly reusePort?: boolean;
}

async function bind(server: Server, place: Place, name: ListenerName, where: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ backlog: 4096, ...place }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new Error(`listener "${name}": ${explain(error as NodeJS.ErrnoException, where, name)}`, { cause: error });
  } finally {
    server.off('error', reject);
  }
}

function explain(error: NodeJS.ErrnoException, where: string, name: ListenerName): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use by another program; stop that program, or set another port under [listeners.${name}]`;
    case 'EACCES':
      if (name === 'lmtp') return `${where} cannot be opened: its directory must exist, and the user of the server be able to write to it`;
      return `${where} may not be opened by this user; ports below 1024 need root or CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
      return `${where} cannot be opened: this machine has no such address`;
    default:
      return `${where} cannot be opened: ${error.message}`;
  }
}
