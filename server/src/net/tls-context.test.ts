import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import { serveDoor } from '../../test/support/net.ts';
import type { Connection } from './connection.ts';
import { type IssuedCertificate, issueCertificate, makeAuthority } from './dev-certificate.ts';
import { makeTicketKeys, TlsContexts } from './tls-context.ts';

const nowMs = Date.now();
const authority = makeAuthority('Test authority', nowMs);

suite('TLS', () => {
  test('serves each name its certificate: exact before wildcard before the first', async () => {
    const tls = new TlsContexts([pem(['first.test']), pem(['*.wild.test']), pem(['exact.wild.test'])]);
    await using served = await serveDoor(hold, { tls, implicitTls: true });
    const names = ['first.test', 'a.wild.test', 'exact.wild.test', 'a.b.wild.test', 'unknown.test'];
    const got = await Promise.all(names.map((servername) => namesOf(served.port, { servername })));
    assert.deepEqual(got, ['first.test', '*.wild.test', 'exact.wild.test', 'first.test', 'first.test']);
  });

  test('serves RSA to those who cannot verify ECDSA', async () => {
    const tls = new TlsContexts([pem(['mail.test']), pem(['mail.test'], 'rsa')]);
    await using served = await serveDoor(hold, { tls, implicitTls: true });
    const curveFor = async (sigalgs: string): Promise<string | undefined> => {
      using client = await handshake(served.port, { servername: 'mail.test', sigalgs });
      return (client.socket.getPeerCertificate() as PeerCertificate & { asn1Curve?: string }).asn1Curve;
    };
    // The authority signs with ECDSA; a client checks that only where it verifies the chain.
    const both = await curveFor('ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256');
    const onlyRsa = await curveFor('rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384');
    assert.deepEqual([both, onlyRsa], ['prime256v1', undefined]);
  });

  test('changes certificates without a restart, and keeps the old ones when the new ones are wrong', async () => {
    const tls = new TlsContexts([pem(['old.test'])]);
    await using served = await serveDoor(hold, { tls, implicitTls: true });
    assert.equal(await namesOf(served.port, { servername: 'x.test' }), 'old.test');
    tls.reload([pem(['new.test'])]);
    assert.equal(await namesOf(served.port, { servername: 'x.test' }), 'new.test');
    const mixed = { ...pem(['third.test']), key: pem(['other.test']).key };
    assert.throws(() => {
      tls.reload([mixed]);
    }, /private key does not belong to the certificate/);
    assert.equal(await namesOf(served.port, { servername: 'new.test' }), 'new.test');
  });

  test('says clearly what is wrong with a certificate', () => {
    const good = pem(['x.test']);
    assert.throws(() => new TlsContexts([]), /no certificate is configured/);
    assert.throws(() => new TlsContexts([{ ...good, certificate: 'nonsense' }]), /test.pem: the certificate cannot be read/);
    assert.throws(() => new TlsContexts([{ ...good, key: 'nonsense' }]), /test.pem: the private key cannot be read/);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`resumes a ${version} session on another thread with the same ticket keys`, async () => {
      const certificates = [pem(['mail.test'])];
      const keys = makeTicketKeys();
      await using one = await serveDoor(hold, { tls: new TlsContexts(certificates, keys), implicitTls: true });
      await using two = await serveDoor(hold, { tls: new TlsContexts(certificates, keys), implicitTls: true });
      const options = { servername: 'mail.test', minVersion: version, maxVersion: version };
      using first = await handshake(one.port, options);
      const session = first.session ?? first.socket.getSession();
      using second = await handshake(two.port, { ...options, ...(session ? { session } : {}) });
      assert.deepEqual([first.socket.isSessionReused(), second.socket.isSessionReused()], [false, true]);
    });
  }

  test('refuses old versions and, where the protocol has a name, clients of other protocols', async () => {
    const tls = new TlsContexts([pem(['mail.test'])]);
    await using served = await serveDoor(hold, { tls, implicitTls: true, alpn: 'imap' });
    await assert.rejects(handshake(served.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', servername: 'mail.test' }));
    await assert.rejects(handshake(served.port, { ALPNProtocols: ['h2', 'http/1.1'], servername: 'mail.test' }));
    using client = await handshake(served.port, { ALPNProtocols: ['imap'], servername: 'mail.test' });
    assert.equal(client.socket.alpnProtocol, 'imap');
    using silent = await handshake(served.port, { servername: 'mail.test' });
    assert.equal(silent.socket.alpnProtocol, false);
  });

  test('binds the channel to the same data on both sides', async () => {
    await using served = await serveDoor(
      async (connection) => {
        connection.writer.write(connection.tls?.channelBinding('tls-exporter')?.toString('hex') ?? '');
        connection.writer.write(connection.tls?.channelBinding('tls-server-end-point')?.toString('hex') ?? '');
        await connection.reader.readLine(100);
      },
      { tls: new TlsContexts([pem(['mail.test'])]), implicitTls: true },
    );
    using client = await handshake(served.port, { servername: 'mail.test' });
    const exporter = client.socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex');
    const endPoint = client.socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
    assert.equal(client.greeting, exporter + endPoint);
  });
});

async function hold(connection: Connection): Promise<void> {
  connection.writer.write('hello\r\n');
  await connection.reader.readLine(100);
}

function pem(names: readonly string[], keyType: 'ecdsa' | 'rsa' = 'ecdsa'): { source: string } & IssuedCertificate {
  return { source: 'test.pem', ...issueCertificate(authority, names, { nowMs, keyType }) };
}

interface Handshake extends Disposable {
  readonly socket: TLSSocket;
  readonly greeting: string;
  readonly session: Buffer | undefined;
}

/** Connects and waits for the server's first octets (with TLS 1.3 tickets come before them). */
function handshake(port: number, options: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    let session: Buffer | undefined;
    socket.on('session', (data) => {
      session = data;
    });
    socket.on('error', reject);
    socket.once('data', (data: Buffer) => {
      resolve({ socket, greeting: data.toString('latin1'), session, [Symbol.dispose]: () => socket.destroy() });
    });
  });
}

async function namesOf(port: number, options: ConnectionOptions): Promise<string | undefined> {
  using client = await handshake(port, options);
  return client.socket.getPeerCertificate().subjectaltname?.replace('DNS:', '');
}
