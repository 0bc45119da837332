/**
 * HTTP/1.1 on the connections of a listener: the listener has counted and limited them and made TLS, Node's HTTP server reads and writes.
 *
 * RFC 9112 · RFC 9110 §15.5.9 (408)
 */
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Connection } from '#net/connection.ts';

/** Times in milliseconds, sizes in octets. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
/** A client that takes nothing, or says nothing, in the middle of something. */
const SILENCE_MS = 60_000;
const LARGEST_HEADER = 16 * 1024;
const MOST_HEADERS = 100;
const REQUESTS_PER_CONNECTION = 1000;
const LOOK_EVERY_MS = 2000;

/** One for each thread. */
export class HttpServer implements Disposable {
  readonly #server: Server;

  /** `headersTimeoutMs`: for a request's header, from its first octet or the connection's beginning. */
  constructor(app: Hono, { headersTimeoutMs = HEADERS_TIMEOUT_MS }: { readonly headersTimeoutMs?: number } = {}) {
    const listener = getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
    this.#server = createServer(
      {
        headersTimeout: headersTimeoutMs,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: LARGEST_HEADER,
        connectionsCheckingInterval: LOOK_EVERY_MS,
        requireHostHeader: true,
        insecureHTTPParser: false,
      },
      (request, response) => void listener(request, response),
    );
    this.#server.timeout = SILENCE_MS;
    this.#server.maxHeadersCount = MOST_HEADERS;
    this.#server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
    // It never listens itself; without this it would not look after its time-outs.
    this.#server.emit('listening');
  }

  /** Serves one connection; resolves when it is closed. */
  async serve(connection: Connection): Promise<void> {
    const socket = connection.release();
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once('close', resolve);
    if (socket.destroyed) return;
    // What is under way may end; who only waits is sent away.
    using _closing = connection.onClosing(() => this.#server.closeIdleConnections());
    connection.signal.addEventListener('abort', () => socket.destroy(), { once: true });
    this.#server.emit('connection', socket);
    await promise;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
