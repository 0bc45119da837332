/** An HTTPS server on loopback that takes TLS reports, as the server of another domain does; it can also misbehave. */
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';

export interface PostedReport {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ReportCollector extends AsyncDisposable {
  readonly port: number;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
  readonly posts: readonly PostedReport[];
  /** What it answers. */
  status: number;
  location: string | undefined;
  /** It never answers. */
  isSilent: boolean;
  /** Its answer has no end. */
  isEndless: boolean;
  /** Resolves when nobody is connected any more. */
  idle(): Promise<void>;
}

export async function startReportCollector(
  names: readonly string[],
  listen: { readonly address: string; readonly port: number } = { address: '127.0.0.1', port: 0 },
): Promise<ReportCollector> {
  const authority = makeAuthority('Report collector', Date.now());
  const issued = issueCertificate(authority, [...names], { nowMs: Date.now() });
  const posts: PostedReport[] = [];
  const server = createServer({ key: issued.key, cert: issued.certificate }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(chunks) });
      if (collector.isSilent) return;
      response.writeHead(collector.status, {
        ...(collector.location !== undefined && { Location: collector.location }),
        ...(collector.status === 101 && { Connection: 'Upgrade', Upgrade: 'h2c' }),
      });
      if (!collector.isEndless) response.end();
      else pipeline(endless(), response, () => undefined);
    });
    response.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(listen.port, listen.address, resolve);
  });
  const collector: ReportCollector = {
    port: (server.address() as AddressInfo).port,
    ca: authority.certificate,
    posts,
    status: 201,
    location: undefined,
    isSilent: false,
    isEndless: false,
    async idle() {
      for (;;) {
        const count = await new Promise<number>((resolve) => server.getConnections((_error, connections) => resolve(connections)));
        if (count === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return collector;
}

function endless(): Readable {
  const piece = Buffer.alloc(65_536, 'x');
  return new Readable({
    read() {
      setImmediate(() => this.push(piece));
    },
  });
}
