/**
 * The server's side of a TLS handshake over a socket that is already open: for implicit TLS and STARTTLS alike, through a `tls.Server` that never listens,
 * so that SNI, ALPN and session tickets work as in any TLS server.
 */
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { endPointHash } from './certificate.ts';
import { NetError, type TlsFacts } from './connection.ts';

interface Pending {
  resolve(socket: TLSSocket): void;
  reject(reason: NetError): void;
}

/** Runs handshakes on one TLS server. */
export class TlsUpgrader {
  readonly #server: Server;
  /** By the connection's two ends, which no other live connection shares; the server does not say which raw socket a secure one came from. */
  readonly #pending = new Map<string, Pending>();

  constructor(server: Server) {
    this.#server = server;
    server.on('secureConnection', (socket) => {
      const key = keyOf(socket);
      const pending = this.#pending.get(key);
      this.#pending.delete(key);
      if (pending) pending.resolve(socket);
      else socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      const key = keyOf(socket);
      const pending = this.#pending.get(key);
      this.#pending.delete(key);
      pending?.reject(new NetError('tls-failed', error.message, { cause: error }));
      socket.destroy();
    });
  }

  /** Resolves with the secure socket. Throws `tls-failed`, and then both sockets are destroyed. The caller sees to a time-out by destroying `raw`. */
  async upgrade(raw: Socket): Promise<TLSSocket> {
    // Its `close` has been told already and will not come again.
    if (raw.destroyed) throw new NetError('tls-failed', 'closed before the handshake');
    const key = keyOf(raw);
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const onClose = (): void => {
      this.#pending.delete(key);
      reject(new NetError('tls-failed', 'closed during the handshake'));
    };
    this.#pending.set(key, { resolve, reject });
    raw.once('close', onClose);
    // A client that ends its side within the handshake is gone; one that ends it later may still read.
    const { allowHalfOpen } = raw;
    raw.allowHalfOpen = false;
    try {
      this.#server.emit('connection', raw);
      const secure = await promise;
      secure.allowHalfOpen = allowHalfOpen;
      return secure;
    } catch (error) {
      raw.destroy();
      throw error;
    } finally {
      raw.off('close', onClose);
    }
  }
}

/** What a door may know of the TLS on its line. */
export class SocketTlsFacts implements TlsFacts {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  get version(): string {
    return this.#socket.getProtocol() ?? 'unknown';
  }

  get cipher(): string {
    return this.#socket.getCipher()?.standardName ?? 'unknown';
  }

  get serverName(): string | undefined {
    const { servername } = this.#socket as { servername?: string | false | null };
    return typeof servername === 'string' ? servername : undefined;
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Buffer | undefined {
    if (type === 'tls-exporter') {
      // On 1.2 it is safe only with the extended master secret, which Node does not tell (RFC 9266 §4.1).
      if (this.version !== 'TLSv1.3') return undefined;
      return this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    }
    const certificate = this.#socket.getX509Certificate();
    return certificate ? endPointHash(certificate) : undefined;
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}|${socket.localAddress}|${socket.localPort}`;
}
