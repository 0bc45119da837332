/** The HTTPS server of a domain's MTA-STS policy, on loopback. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';

export interface PolicyServer extends AsyncDisposable {
  readonly port: number;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
}

/** On 127.77.0.3, where loopback-internet.ts lets a server look. */
export async function startPolicyServer(domain: string, policy: string): Promise<PolicyServer> {
  const authority = makeAuthority('Policy server', Date.now());
  const { key, certificate: cert } = issueCertificate(authority, [`mta-sts.${domain}`], { nowMs: Date.now() });
  const server = createServer({ key, cert }, (request, response) => {
    const isAsked = request.url === '/.well-known/mta-sts.txt' && request.headers.host?.startsWith(`mta-sts.${domain}`) === true;
    response.writeHead(isAsked ? 200 : 404, { 'Content-Type': 'text/plain' }).end(policy);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.77.0.3', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.certificate,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
