/**
 * A connection to another server: the same bounded reader and corked writer as for clients, and the client's side of TLS with the result of the
 * verification told instead of enforced, because mail between servers is encrypted opportunistically.
 *
 * RFC 7435 (opportunistic security) · RFC 6125 (names)
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NetError } from './connection.ts';
import { nowMs, type Watched, watch } from './deadlines.ts';
import { BufferedReader, type ByteSource } from './reader.ts';
import { type ByteSink, CorkedWriter } from './writer.ts';

export interface OutgoingOptions {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** For reads, writes and the handshake until changed. */
  readonly timeoutMs: number;
  /** Ends the connection, at any time, with NetError `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface OutgoingTls {
  readonly version: string;
  readonly cipher: string;
  /** Whether the certificate is valid for the name and comes from a known authority. */
  readonly isVerified: boolean;
  /** Why not. */
  readonly problem: string | undefined;
}

export interface OutgoingTlsOptions {
  /** The name that the certificate must have; an IP address is allowed. */
  readonly serverName: string;
  /** Throw `tls-failed` when it cannot be verified. */
  readonly mustVerify: boolean;
  /** For the handshake; the connection's own where it is not given. */
  readonly timeoutMs?: number;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer',
};

/** Opens a connection. Throws NetError: `timeout`, `closed` (refused, unreachable; the message says why), `aborted`. */
export async function connectTo(options: OutgoingOptions): Promise<OutgoingConnection> {
  const socket = connect({ host: options.address, port: options.port, noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    reject(new NetError('timeout', `no connection to ${options.address} port ${options.port} in ${options.connectTimeoutMs} ms`));
  }, options.connectTimeoutMs);
  const onAbort = (): void => {
    reject(new NetError('aborted'));
  };
  const onError = (error: NodeJS.ErrnoException): void => {
    reject(new NetError('closed', `${options.address} port ${options.port}: ${REASONS[error.code ?? ''] ?? error.message}`, { cause: error }));
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  socket.once('error', onError);
  socket.once('connect', resolve);
  try {
    if (options.signal?.aborted) throw new NetError('aborted');
    await promise;
    return new OutgoingConnection(socket, options);
  } catch (error) {
    socket.on('error', ignore);
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off('error', onError);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

export class OutgoingConnection implements ByteSource, ByteSink, Watched {
  readonly remoteAddress: string;
  readonly reader: BufferedReader;
  readonly writer: CorkedWriter;
  tls: OutgoingTls | undefined;
  watchedAtTick: number = 0;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  #socket: Socket;
  #ownDeadlineMs = Number.POSITIVE_INFINITY;
  #isGone = false;

  constructor(socket: Socket, options: OutgoingOptions) {
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs;
    this.remoteAddress = options.address;
    this.reader = new BufferedReader(this, { timeoutMs: options.timeoutMs, unitTimeoutMs: options.timeoutMs });
    this.writer = new CorkedWriter(this, socket, options.timeoutMs);
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#attach(socket);
  }

  get isOpen(): boolean {
    return !this.#isGone;
  }

  get deadlineMs(): number {
    return Math.min(this.#ownDeadlineMs, this.reader.deadlineMs, this.writer.deadlineMs);
  }

  /** The client's side of the handshake, after the server's go-ahead. Throws `tls-failed`; the connection is of no use then. */
  async startTls(options: OutgoingTlsOptions): Promise<OutgoingTls> {
    this.pause();
    // What came behind the go-ahead in the clear could have been put there by anybody.
    if (this.reader.bufferedBytes > 0) throw this.#tlsFailed(new Error('the server sent octets before the handshake'));
    await this.writer.drain();
    const raw = this.#socket;
    this.#detach(raw);
    raw.on('error', ignore);
    const secure = connectTls({
      socket: raw,
      rejectUnauthorized: options.mustVerify,
      host: options.serverName,
      ...(isIP(options.serverName) === 0 ? { servername: options.serverName } : {}),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    this.#socket = secure;
    this.#ownDeadlineMs = nowMs() + (options.timeoutMs ?? this.#timeoutMs);
    watch(this);
    try {
      await new Promise<void>((resolve, reject) => {
        secure.once('secureConnect', resolve);
        secure.once('error', reject);
        secure.once('close', () => {
          reject(new Error('closed during the handshake'));
        });
      });
    } catch (error) {
      throw this.#tlsFailed(error as Error);
    } finally {
      this.#ownDeadlineMs = Number.POSITIVE_INFINITY;
    }
    this.writer.attach(secure);
    this.#attach(secure);
    const { authorizationError } = secure as { authorizationError?: Error | string | null };
    this.tls = {
      version: secure.getProtocol() ?? 'unknown',
      cipher: secure.getCipher().standardName,
      isVerified: secure.authorized,
      problem: secure.authorized ? undefined : String(authorizationError instanceof Error ? authorizationError.message : authorizationError),
    };
    return this.tls;
  }

  /** Sends what is queued and closes. */
  close(): void {
    if (this.#isGone) return;
    this.writer.send();
    this.#socket.end();
    // The other side may never close.
    this.#ownDeadlineMs = nowMs() + 2000;
    watch(this);
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone(new NetError('closed'));
  }

  expire(now: number): void {
    if (this.#ownDeadlineMs <= now) {
      this.#ownDeadlineMs = Number.POSITIVE_INFINITY;
      this.#socket.destroy();
    }
    this.reader.expire(now);
    this.writer.expire(now);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  watchDeadline(): void {
    watch(this);
  }

  readonly #onAbort = (): void => {
    this.#socket.destroy();
    this.#gone(new NetError('aborted'));
  };

  readonly #onData = (chunk: Buffer): void => {
    this.reader.arrive(chunk);
  };

  readonly #onEnd = (): void => {
    this.#gone(new NetError('closed', 'the server closed the connection'));
  };

  #gone(reason: NetError): void {
    this.reader.end(reason);
    this.writer.end(reason);
    if (this.#isGone) return;
    this.#isGone = true;
    this.#ownDeadlineMs = Number.POSITIVE_INFINITY;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #tlsFailed(cause: Error): NetError {
    this.#socket.on('error', ignore);
    this.#socket.destroy();
    const error = new NetError('tls-failed', cause.message, { cause });
    this.#gone(error);
    return error;
  }

  #attach(socket: Socket): void {
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    socket.on('error', ignore);
  }

  #detach(socket: Socket): void {
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onEnd);
    socket.off('error', ignore);
  }
}

/** A broken connection is told by `close`, which follows every error. */
function ignore(): void {
  return undefined;
}
