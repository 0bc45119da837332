/**
 * Ports that nothing listens on just now, below those that the system gives to outgoing connections: a server that is started on one of them a moment later
 * must not find a connection of somebody else there.
 */
import { randomInt } from 'node:crypto';
import net from 'node:net';

const FIRST = 10_000;
const END = 32_000;
const ATTEMPTS = 1000;

/** Free over TCP on loopback; over UDP nobody else asks for it just now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
  throw new Error('there is no free port');
}

/** Different ones. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
