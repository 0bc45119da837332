/** A plain port of loopback that leads to a server's TLS port or local socket: for test programs that know only plain TCP. */
import net from 'node:net';
import tls from 'node:tls';

export interface Bridge extends AsyncDisposable {
  readonly port: number;
}

export async function bridgeTo(target: { readonly tlsPort: number } | { readonly socket: string }): Promise<Bridge> {
  const server = net.createServer((near) => {
    const far = 'socket' in target ? net.connect(target.socket) : tls.connect({ host: '127.0.0.1', port: target.tlsPort, rejectUnauthorized: false });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as net.AddressInfo).port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
