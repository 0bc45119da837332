/** The server's side of the control socket. */
import fs from 'node:fs';
import net from 'node:net';
import { DomainError } from '#core/errors.ts';
import type { Log } from '#log/log.ts';
import type { OperationRequest } from './call-operation.ts';
import { makeControlPath } from './control-path.ts';
import { type ControlAnswer, parseRequest, REQUEST_LIMIT_BYTES } from './control-protocol.ts';

export interface ControlSocketOptions {
  readonly dataDirectory: string;
  readonly log: Log;
  /** Does an operation. Throws DomainError. */
  call(request: OperationRequest): Promise<unknown>;
}

const IDLE_MS = 30_000;

/** Opens the socket, mode 0600 in a directory of mode 0700. */
export async function openControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const path = makeControlPath(options.dataDirectory);
  // Left behind by a server that was killed: the lock of the data directory says that no other one lives.
  fs.rmSync(path, { force: true });
  const sockets = new Set<net.Socket>();
  // A client may end its side before it has read the answer.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    void serve(socket, options);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  fs.chmodSync(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      fs.rmSync(path, { force: true });
    },
  };
}

async function serve(socket: net.Socket, options: ControlSocketOptions): Promise<void> {
  const line = await readLine(socket);
  if (line === undefined) {
    socket.destroy();
    return;
  }
  socket.setTimeout(0);
  const answer = await answerTo(line, options);
  if (!socket.destroyed) socket.end(`${JSON.stringify(answer)}\n`);
}

async function answerTo(line: string, options: ControlSocketOptions): Promise<ControlAnswer> {
  const request = parseRequest(line);
  if (!request) return { ok: false, code: 'bad-request', message: 'not a request' };
  try {
    return { ok: true, output: await options.call(request) };
  } catch (error) {
    if (error instanceof DomainError) return { ok: false, code: error.code, message: error.message };
    const reference = options.log.error('server.bug', error, { operation: request.operation });
    return { ok: false, code: 'bug', message: `an internal error; the server's log has it under ${reference}` };
  }
}

/** The first line; undefined where the client goes away before its end, or it is too long. */
function readLine(socket: net.Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      size += chunk.length;
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else if (size > REQUEST_LIMIT_BYTES) resolve(undefined);
    });
    socket.on('close', () => resolve(undefined));
    socket.on('end', () => resolve(undefined));
  });
}
