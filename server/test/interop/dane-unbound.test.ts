/** DANE over unbound, which validates zones signed here, to Postfix as the far MX: what the domain says in the DNS decides whether mail goes out. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import type { TlsResult } from '#queue/transport-security/result-types.ts';
import { TransportError } from '#queue/transport.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import { needs } from '../support/outside.ts';
import { POSTFIX_NEEDS, startPostfix, UNBOUND_NEEDS } from '../support/postfix.ts';
import { startUnbound } from '../support/unbound.ts';

suite('DANE with unbound and Postfix', needs(...POSTFIX_NEEDS, ...UNBOUND_NEEDS), () => {
  test('good records deliver, wrong ones and forged ones defer, those that nobody vouches for say nothing', async () => {
    await using postfix = await startPostfix();
    const [leaf = '', authority = ''] = postfix.certificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    const own = new X509Certificate(leaf);
    const anchor = new X509Certificate(authority);
    const key = (certificate: X509Certificate): Buffer => certificate.publicKey.export({ type: 'spki', format: 'der' });
    const hash = (octets: Buffer, name = 'sha256'): string => createHash(name).update(octets).digest('hex');
    const port = `_${postfix.port}._tcp`;
    const wrong = '00'.repeat(32);
    const forged = '11'.repeat(32);
    const hosts: Readonly<Record<string, readonly string[]>> = {
      ee: [`3 1 1 ${hash(key(own))}`],
      'ee-whole': [`3 0 0 ${own.raw.toString('hex')}`],
      'ee-sha512': [`3 0 2 ${hash(own.raw, 'sha512')}`],
      rollover: [`3 1 1 ${wrong}`, `3 1 1 ${hash(key(own))}`],
      wrong: [`3 1 1 ${wrong}`],
      useless: [`1 1 1 ${wrong}`],
      forged: [`3 1 1 ${forged}`],
    };
    const lines = Object.entries(hosts).flatMap(([name, records]) => [
      `${name} IN MX 10 mx.${name}`,
      `mx.${name} IN A 127.0.0.1`,
      ...records.map((record) => `${port}.mx.${name} IN TLSA ${record}`),
    ]);
    // A certificate under a trust anchor must have the name; this one is for mx.peer.test.
    lines.push('@ IN MX 10 mx', 'mx IN A 127.0.0.1', `${port}.mx IN TLSA 2 0 1 ${hash(anchor.raw)}`);
    lines.push('misnamed IN MX 10 mx.misnamed', 'mx.misnamed IN A 127.0.0.1', `${port}.mx.misnamed IN TLSA 2 1 1 ${hash(key(anchor))}`);
    lines.push('alias IN MX 10 www.alias', 'www.alias IN CNAME mx.ee');
    await using unbound = await startUnbound({
      signed: { 'peer.test': lines },
      unsigned: { 'plain.test': ['@ IN MX 10 mx', 'mx IN A 127.0.0.1', `${port}.mx IN TLSA 3 1 1 ${wrong}`] },
      forge: (text) => text.replaceAll(forged, '22'.repeat(32)),
    });
    const resolver = unbound.resolver();
    const results: TlsResult[] = [];
    const transport = new SmtpTransport({
      hostname: 'capri.test',
      resolver,
      hosts: { port: postfix.port, isAllowed: () => true },
      results: { record: (result) => void results.push(result) },
    });
    const outcome = async (domain: string): Promise<string> => {
      results.length = 0;
      try {
        const session = await transport.connect({ kind: 'domain', domain }, new AbortController().signal);
        const { tls } = session;
        session.close();
        return `${tls?.policy} ${tls?.check}${results[0]?.failure ? ' failed' : ''}`;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        return `${error.isPermanent ? 'bounce' : 'defer'} ${error.status} ${results[0]?.failure?.type}`;
      }
    };
    const told: Record<string, string> = {};
    for (const name of ['ee', 'ee-whole', 'ee-sha512', 'rollover', 'alias', 'wrong', 'useless', 'forged', 'misnamed'])
      told[name] = await outcome(`${name}.peer.test`);
    told['ta'] = await outcome('peer.test');
    told['unsigned'] = await outcome('plain.test');
    assert.deepEqual(told, {
      ee: 'dane dane-ee',
      'ee-whole': 'dane dane-ee',
      'ee-sha512': 'dane dane-ee',
      rollover: 'dane dane-ee',
      alias: 'dane dane-ee',
      ta: 'dane dane-ta',
      useless: 'dane none',
      unsigned: 'none none',
      wrong: 'defer 4.7.5 tlsa-invalid',
      misnamed: 'defer 4.7.5 tlsa-invalid',
      forged: 'defer 4.7.5 dnssec-invalid',
    });
  });
});
