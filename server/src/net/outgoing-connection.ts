/**
 * A connection to another server: the same bounded reader and corked writer as for clients, and the client's side of TLS with the result of the
 * verification told instead of enforced: whether it matters is known to whoever sends the mail, and some (DANE) hold the certificate against something else.
 *
 * RFC 7435 (opportunistic security) · RFC 8996 (old versions)
 */
import type { X509Certificate } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { NetError } from './connection.ts';
import { nowMs, type Watched, watch } from './deadlines.ts';
import { BufferedReader, type ByteSource } from './reader.ts';
import { type ByteSink, CorkedWriter } from './writer.ts';

export interface OutgoingOptions {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** An address of this machine to come from. */
  readonly localAddress?: string | undefined;
  readonly connectTimeoutMs: number;
  /** For reads, writes and the handshake until changed. */
  readonly timeoutMs: number;
  /** Ends the connection, at any time, with NetError `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface OutgoingTls {
  readonly version: string;
  readonly cipher: string;
  /** The server's certificate, then those above it that it sent or that are known here. At most 10; empty only where it showed none. */
  readonly chain: readonly X509Certificate[];
  /** Undefined: the chain ends at a known authority and all in it are in their time. Else OpenSSL's word, such as CERT_HAS_EXPIRED. Names are not looked at. */
  readonly chainProblem: string | undefined;
}

export interface OutgoingTlsOptions {
  /** The name that is asked for (SNI); nothing is asked for where it is an IP address. */
  readonly serverName: string;
  /** TLS 1.0 and weak keys too: for who would else send in the clear. */
  readonly takesWeak: boolean;
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
  const socket = connect({
    host: options.address,
    port: options.port,
    noDelay: true,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
  });
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

  /** Ours, on this connection; undefined when it is gone. */
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
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
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      secureContext: contextFor(options),
      ...(isIP(options.serverName) === 0 ? { servername: options.serverName } : {}),
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
      chain: chainOf(secure.getPeerX509Certificate()),
      chainProblem: secure.authorized ? undefined : codeOf(authorizationError),
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

const contexts = new Map<string, SecureContext>();
/** Different authorities are a matter of tests. */
const CONTEXTS_KEPT = 16;

/** Making one reads all authorities: it is made once. */
function contextFor({ ca, takesWeak }: OutgoingTlsOptions): SecureContext {
  const key = `${takesWeak} ${ca ?? ''}`;
  let context = contexts.get(key);
  if (!context) {
    const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    context = createSecureContext({ ...(takesWeak ? old : { minVersion: 'TLSv1.2' as const }), ...(ca === undefined ? {} : { ca }) });
    if (contexts.size >= CONTEXTS_KEPT) contexts.clear();
    contexts.set(key, context);
  }
  return context;
}

const LONGEST_CHAIN = 10;

function chainOf(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let certificate = leaf; certificate && chain.length < LONGEST_CHAIN; certificate = certificate.issuerCertificate) {
    if (chain.at(-1)?.raw.equals(certificate.raw) === true) break;
    chain.push(certificate);
  }
  return chain;
}

function codeOf(error: Error | string | null | undefined): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return error ?? 'UNKNOWN';
}

/** A broken connection is told by `close`, which follows every error. */
function ignore(): void {
  return undefined;
}
