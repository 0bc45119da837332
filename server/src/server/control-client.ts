/** The command line's side of the control socket. */
import net from 'node:net';
import type { OperationRequest } from './call-operation.ts';
import { findControlPath } from './control-path.ts';
import { ANSWER_LIMIT_BYTES, outputOf } from './control-protocol.ts';

export type ControlOutcome = { readonly isServed: true; readonly output: unknown } | { readonly isServed: false };

/** Asks the server that runs on a data directory; `isServed` is false when none does. Throws what the operation throws. */
export async function callServer(dataDirectory: string, request: OperationRequest): Promise<ControlOutcome> {
  const path = findControlPath(dataDirectory);
  const socket = path === undefined ? undefined : await connect(path, dataDirectory);
  if (socket === undefined) return { isServed: false };
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of socket) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > ANSWER_LIMIT_BYTES) throw new Error('the answer of the server is too long');
      chunks.push(bytes);
    }
    return { isServed: true, output: outputOf(Buffer.concat(chunks).toString('utf8')) };
  } finally {
    socket.destroy();
  }
}

/** Undefined where nobody listens. */
async function connect(path: string, dataDirectory: string): Promise<net.Socket | undefined> {
  const socket = net.connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES')
      throw new Error(`this user may not use ${dataDirectory}; run the command as root or as the owner of that directory`, { cause: error });
    throw error;
  }
}
