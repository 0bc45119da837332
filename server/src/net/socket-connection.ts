/**
 * A client's connection over a socket. Event handlers are shared by all connections and find theirs through the socket, and what only few sessions need
 * is made when asked for: a quiet connection costs little more than its socket.
 */
import type { Socket } from 'node:net';
import { type Connection, type ListenerName, NetError, type TlsFacts } from './connection.ts';
import { nowMs, unwatch, type Watched, watch } from './deadlines.ts';
import { BufferedReader, type ByteSource } from './reader.ts';
import { SocketTlsFacts, type TlsUpgrader } from './tls-upgrade.ts';
import { type ByteSink, CorkedWriter } from './writer.ts';

/** After the last reply the client has this long to take it and hang up. */
const LINGER_MS = 3000;
const owner = Symbol('connection');
type OwnedSocket = Socket & { [owner]?: SocketConnection | undefined };

export interface EndPoint {
  readonly address: string;
  readonly port: number;
}

/** What a connection needs of its listener. */
export interface ConnectionHost {
  readonly name: ListenerName;
  readonly timeouts: ConnectionTimeouts;
  readonly isClosing: boolean;
  /** Undefined where no certificate is configured. */
  readonly upgrader: TlsUpgrader | undefined;
  /** The socket is gone. */
  closed(connection: SocketConnection): void;
}

/** Milliseconds; 0 is for ever. */
export interface ConnectionTimeouts {
  readonly readMs: number;
  readonly unitMs: number;
  readonly writeMs: number;
  readonly handshakeMs: number;
}

export class SocketConnection implements Connection, ByteSource, ByteSink, Watched {
  readonly id: string;
  readonly startedAtMs: number = nowMs();
  remote: EndPoint;
  local: EndPoint;
  tls: TlsFacts | undefined;
  readonly reader: BufferedReader;
  readonly writer: CorkedWriter;
  watchedAtTick: number = 0;
  readonly #host: ConnectionHost;
  #socket: OwnedSocket;
  /** The handshake's or the farewell's; the reader and the writer have their own. */
  #ownDeadlineMs = Number.POSITIVE_INFINITY;
  #isFinishing = false;
  /** What the socket still held when the farewell was last looked at. */
  #lingeringBytes = 0;
  #isGone = false;
  #abort: AbortController | undefined;
  #closingListeners: Array<() => void> | undefined;

  constructor(id: string, host: ConnectionHost, socket: Socket, remote: EndPoint, local: EndPoint) {
    this.id = id;
    this.#host = host;
    this.#socket = socket;
    this.remote = remote;
    this.local = local;
    this.reader = new BufferedReader(this, { timeoutMs: host.timeouts.readMs, unitTimeoutMs: host.timeouts.unitMs });
    this.writer = new CorkedWriter(this, socket, host.timeouts.writeMs);
    this.#attach(socket);
  }

  get listener(): ListenerName {
    return this.#host.name;
  }

  get isClosing(): boolean {
    return this.#host.isClosing;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isGone && !this.#abort.signal.aborted) this.#abort.abort(new NetError('closed'));
    return this.#abort.signal;
  }

  /** Octets over the wire so far. */
  get traffic(): { readonly inBytes: number; readonly outBytes: number } {
    return { inBytes: this.#socket.bytesRead, outBytes: this.#socket.bytesWritten };
  }

  get deadlineMs(): number {
    return Math.min(this.#ownDeadlineMs, this.reader.deadlineMs, this.writer.deadlineMs);
  }

  onClosing(listener: () => void): Disposable {
    const listeners = (this.#closingListeners ??= []);
    listeners.push(listener);
    return {
      [Symbol.dispose]: () => {
        const at = listeners.indexOf(listener);
        if (at >= 0) listeners.splice(at, 1);
      },
    };
  }

  async startTls(): Promise<void> {
    if (this.tls) throw new NetError('tls-failed', 'TLS is active already');
    this.pause();
    if (this.reader.bufferedBytes > 0) throw new NetError('tls-failed', 'octets were sent before the handshake');
    await this.writer.drain();
    await this.secure();
  }

  /** Begins TLS; octets that were read already belong to the handshake (implicit TLS behind a PROXY header). */
  async secure(): Promise<void> {
    const { upgrader, timeouts } = this.#host;
    if (!upgrader) throw new NetError('tls-failed', 'no certificate is configured');
    const raw = this.#socket;
    this.#detach(raw);
    raw.pause();
    const early = this.reader.takeAll();
    if (early.length > 0) raw.unshift(early);
    raw.on('error', ignore);
    if (timeouts.handshakeMs > 0) this.#ownDeadlineMs = nowMs() + timeouts.handshakeMs;
    watch(this);
    try {
      const secure = await upgrader.upgrade(raw);
      this.tls = new SocketTlsFacts(secure);
      this.#socket = secure;
      this.writer.attach(secure);
      this.#attach(secure);
      // The client may have gone while nobody listened.
      if (secure.destroyed) this.gone();
    } catch (error) {
      this.gone();
      throw error;
    } finally {
      this.#ownDeadlineMs = Number.POSITIVE_INFINITY;
    }
  }

  release(): Socket {
    const socket = this.#socket;
    this.#detach(socket);
    socket.pause();
    const early = this.reader.takeAll();
    if (early.length > 0) socket.unshift(early);
    // Whoever gets it must not hear of errors alone, and the listener must hear of its end.
    socket.on('error', ignore);
    socket.on('close', () => this.gone());
    return socket;
  }

  /** Sends what is queued, says that no more will come, and lets the socket go when the client hangs up, at the latest after a few seconds. */
  finish(): void {
    if (this.#isGone || this.#isFinishing) return;
    this.writer.send();
    this.#isFinishing = true;
    this.reader.end(new NetError('closed'));
    this.writer.end(new NetError('closed'));
    this.#ownDeadlineMs = nowMs() + LINGER_MS;
    watch(this);
    this.#socket.end();
    this.#lingeringBytes = this.#socket.writableLength;
    // What the client still sends is read and dropped: closing over unread octets would reset the connection and lose the last reply.
    this.#socket.resume();
  }

  /** Ends everything that waits, at once. */
  abort(reason: NetError): void {
    this.reader.end(reason);
    this.#abort?.abort(reason);
    this.#closingListeners = undefined;
  }

  /** Tells the session that the server is about to stop. */
  announceClosing(): void {
    for (const listener of this.#closingListeners?.slice() ?? []) listener();
  }

  destroy(): void {
    this.#socket.destroy();
    this.gone();
  }

  /** The socket is closed, whoever did it. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#ownDeadlineMs = Number.POSITIVE_INFINITY;
    this.reader.end(new NetError('closed'));
    this.writer.end(new NetError('closed'));
    this.#closingListeners = undefined;
    this.#abort?.abort(new NetError('closed'));
    unwatch(this);
    this.#host.closed(this);
  }

  expire(now: number): void {
    if (this.#ownDeadlineMs <= now) this.#ownDeadlineOver(now);
    this.reader.expire(now);
    this.writer.expire(now);
  }

  arrive(chunk: Buffer): void {
    if (!this.#isFinishing) this.reader.arrive(chunk);
  }

  /** The client will send no more; it may still read. */
  ended(): void {
    this.reader.end(new NetError('closed'));
    if (this.#isFinishing && this.#socket.writableLength === 0) this.#socket.destroySoon();
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

  #ownDeadlineOver(now: number): void {
    const left = this.#socket.writableLength;
    // A slow client that still takes the end of a long reply may have it.
    const isTaking = this.#isFinishing && left > 0 && left < this.#lingeringBytes;
    this.#lingeringBytes = left;
    this.#ownDeadlineMs = isTaking ? now + LINGER_MS : Number.POSITIVE_INFINITY;
    if (!isTaking) this.#socket.destroy();
  }

  #attach(socket: OwnedSocket): void {
    socket[owner] = this;
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', ignore);
    socket.on('close', onClose);
  }

  #detach(socket: OwnedSocket): void {
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('error', ignore);
    socket.off('close', onClose);
    // Not `delete`, which would turn the socket into a slower and much larger object.
    socket[owner] = undefined;
  }
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[owner]?.arrive(chunk);
}

function onEnd(this: OwnedSocket): void {
  this[owner]?.ended();
}

function onClose(this: OwnedSocket): void {
  this[owner]?.gone();
}

/** A broken connection is told by `close`, which follows every error. */
function ignore(): void {
  return undefined;
}
