import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { peerCa, peerCertificate, type SmtpPeer, startPeer, startScriptedPeer } from '../../../test/support/smtp-peer.ts';
import { parseStsPolicy } from '#queue/transport-security/sts-policy.ts';
import type { FoundPolicy } from '#queue/transport-security/sts-policies.ts';
import type { TlsResult } from '#queue/transport-security/result-types.ts';
import { type MailSession, TransportError } from '#queue/transport.ts';
import { type SmtpTransportOptions, SmtpTransport } from './transport.ts';

const never = new AbortController().signal;
const leaf = new X509Certificate(peerCertificate);

suite('DANE towards other servers', () => {
  test('a certificate that the records name is enough, and nothing else', async () => {
    await using peer = await startPeer();
    await using dns = await danePeer(peer, [tlsa(3, 1, 1)]);
    const { session, results } = await connect(dns, peer.port, { ca: undefined });
    assert.deepEqual([session.tls?.policy, session.tls?.check, session.tls?.isVerified], ['dane', 'dane-ee', true]);
    session.close();
    assert.deepEqual(
      results.map(({ policy, failure }) => [policy.type, policy.mxHosts, failure]),
      [['tlsa', ['mx.peer.test'], undefined]],
    );
    dns.zone = zone(peer.port, [tlsa(3, 1, 1, Buffer.alloc(32, 1))]);
    await using other = await FakeDns.start(dns.zone);
    const failure = await fails(other, peer.port);
    assert.deepEqual(failure.told, ['4.7.5', false]);
    assert.match(failure.message, /mx\.peer\.test: the certificate is none that its DANE records name/);
    assert.equal(failure.results[0]?.failure?.type, 'tlsa-invalid');
  });

  test('an authority that the records name is enough where the names are right', async () => {
    await using peer = await startPeer();
    const [, authority = ''] = peerCertificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    const anchor = createHash('sha256').update(new X509Certificate(authority).raw).digest();
    await using dns = await danePeer(peer, [tlsa(2, 0, 1, anchor)]);
    const { session } = await connect(dns, peer.port, { ca: undefined });
    assert.equal(session.tls?.check, 'dane-ta');
    session.close();
    await using renamed = await FakeDns.start({
      'peer.test': { MX: [{ preference: 1, exchange: 'wrong.peer.test' }] },
      'wrong.peer.test': { A: ['127.0.0.1'] },
      [`_${peer.port}._tcp.wrong.peer.test`]: { TLSA: [tlsa(2, 0, 1, anchor)] },
    });
    assert.deepEqual((await fails(renamed, peer.port)).told, ['4.7.5', false]);
  });

  test('a server without TLS gets no mail, records of no use still demand TLS, and those that cannot be had defer', async () => {
    await using plain = await startPeer({ options: { hideSTARTTLS: true } });
    await using dns = await danePeer(plain, [tlsa(3, 1, 1)]);
    const missing = await fails(dns, plain.port);
    assert.deepEqual([missing.told, missing.results[0]?.failure?.type], [['4.7.4', false], 'starttls-not-supported']);
    await using useless = await danePeer(plain, [tlsa(1, 1, 1)]);
    assert.deepEqual((await fails(useless, plain.port)).told, ['4.7.4', false]);
    await using peer = await startPeer();
    await using weak = await danePeer(peer, [tlsa(1, 1, 1)]);
    const { session } = await connect(weak, peer.port, { ca: undefined });
    assert.deepEqual([session.tls?.policy, session.tls?.isVerified], ['dane', false]);
    session.close();
    await using broken = await FakeDns.start(zone(peer.port, []), { failing: [`_${peer.port}._tcp.mx.peer.test`] });
    const unknown = await fails(broken, peer.port);
    assert.deepEqual([unknown.told, unknown.results[0]?.failure?.type], [['4.7.5', false], 'dnssec-invalid']);
  });

  test('records that DNSSEC does not vouch for, at any step, say nothing', async () => {
    await using peer = await startPeer();
    for (const insecure of ['peer.test', 'mx.peer.test', `_${peer.port}._tcp.mx.peer.test`]) {
      await using dns = await danePeer(peer, [tlsa(3, 1, 1, Buffer.alloc(32))], [insecure]);
      const { session } = await connect(dns, peer.port);
      assert.equal(session.tls?.policy, 'none', insecure);
      session.close();
    }
  });

  test('an alias is looked up where it leads first, then by its own name', async () => {
    await using peer = await startPeer();
    const good = tlsa(3, 1, 1);
    const base: Zone = {
      'peer.test': { MX: [{ preference: 1, exchange: 'alias.peer.test' }] },
      'alias.peer.test': { CNAME: ['mx.peer.test'] },
      'mx.peer.test': { A: ['127.0.0.1'] },
    };
    await using led = await FakeDns.start({ ...base, [`_${peer.port}._tcp.mx.peer.test`]: { TLSA: [good] } });
    await using named = await FakeDns.start({ ...base, [`_${peer.port}._tcp.alias.peer.test`]: { TLSA: [good] } });
    for (const dns of [led, named]) {
      const { session } = await connect(dns, peer.port);
      assert.equal(session.tls?.check, 'dane-ee');
      session.close();
    }
  });

  test('the next host is tried when the first one fails, and mail that waives TLS goes all the same', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({
      'peer.test': {
        MX: [
          { preference: 1, exchange: 'bad.peer.test' },
          { preference: 2, exchange: 'mx.peer.test' },
        ],
      },
      'bad.peer.test': { A: ['127.0.0.1'] },
      'mx.peer.test': { A: ['127.0.0.1'] },
      [`_${peer.port}._tcp.bad.peer.test`]: { TLSA: [tlsa(3, 1, 1, Buffer.alloc(32))] },
      [`_${peer.port}._tcp.mx.peer.test`]: { TLSA: [tlsa(3, 1, 1)] },
    });
    const { session, results } = await connect(dns, peer.port);
    assert.match(session.host, /^mx\.peer\.test /);
    assert.deepEqual(
      results.map(({ failure }) => failure?.type),
      ['tlsa-invalid', undefined],
    );
    session.close();
    const waived = await connect(dns, peer.port, { tlsNeed: 'optional' });
    assert.match(waived.session.host, /^bad\.peer\.test /);
    assert.deepEqual(waived.results, [], 'nobody is told of sessions that no policy was asked for');
    waived.session.close();
  });
});

suite('MTA-STS towards other servers', () => {
  const policy = (mode: string, mx = 'mx.peer.test'): FoundPolicy => sts(`version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`);

  test('enforce: only hosts that the policy names, only with a certificate that is good', async () => {
    await using peer = await startPeer();
    await using dns = await danePeer(peer, [], ['peer.test', 'mx.peer.test']);
    const { session, results } = await connect(dns, peer.port, { sts: policy('enforce', '*.peer.test') });
    assert.deepEqual([session.tls?.policy, session.tls?.check, results[0]?.policy.type], ['mta-sts', 'web-pki', 'sts']);
    session.close();
    const wrongHost = await fails(dns, peer.port, { sts: policy('enforce', 'mx.other.test') });
    assert.deepEqual([wrongHost.told, wrongHost.results[0]?.failure?.type], [['4.7.5', false], 'validation-failure']);
    const untrusted = await fails(dns, peer.port, { sts: policy('enforce'), ca: undefined });
    assert.deepEqual([untrusted.told, untrusted.results[0]?.failure?.type], [['4.7.5', false], 'certificate-not-trusted']);
    assert.match(untrusted.message, /MTA-STS policy demands it/);
    await using plain = await startPeer({ options: { hideSTARTTLS: true } });
    assert.deepEqual((await fails(dns, plain.port, { sts: policy('enforce') })).told, ['4.7.4', false]);
  });

  test('testing: mail goes out whatever is wrong, and the report says what', async () => {
    await using peer = await startPeer();
    await using plain = await startPeer({ options: { hideSTARTTLS: true } });
    await using dns = await danePeer(peer, [], ['peer.test']);
    for (const { port, ca, mx, type } of [
      { port: peer.port, ca: peerCa, mx: 'mx.peer.test', type: undefined },
      { port: peer.port, ca: undefined, mx: 'mx.peer.test', type: 'certificate-not-trusted' },
      { port: peer.port, ca: peerCa, mx: 'other.test', type: 'certificate-host-mismatch' },
      { port: plain.port, ca: peerCa, mx: 'mx.peer.test', type: 'starttls-not-supported' },
    ]) {
      const { session, results } = await connect(dns, port, { sts: policy('testing', mx), ca });
      assert.deepEqual(
        results.map(({ policy: { type: kind }, failure }) => [kind, failure?.type]),
        [['sts', type]],
      );
      session.close();
    }
  });

  test('none: as if there were no policy; one that could not be fetched is told in the report', async () => {
    await using peer = await startPeer();
    await using dns = await danePeer(peer, [], ['peer.test']);
    const none = await connect(dns, peer.port, { sts: policy('none', 'other.test') });
    assert.equal(none.session.tls?.policy, 'none');
    none.session.close();
  });

  test('DANE goes before it', async () => {
    await using peer = await startPeer();
    await using dns = await danePeer(peer, [tlsa(3, 1, 1)]);
    const { session } = await connect(dns, peer.port, { sts: policy('enforce', 'other.test'), ca: undefined });
    assert.equal(session.tls?.policy, 'dane');
    session.close();
  });
});

suite('REQUIRETLS towards other servers', () => {
  const requireTls = async (isKnown: boolean): Promise<Awaited<ReturnType<typeof startScriptedPeer>>> =>
    await startScriptedPeer(async (peer) => {
      peer.say('220 mx\r\n');
      await peer.answer(`250-mx\r\n250 ${isKnown ? 'REQUIRETLS' : 'SIZE'}\r\n`);
    });

  test('goes only where somebody vouches for the host, the line is proven, and the server promises the same', async () => {
    await using peer = await startPeer();
    await using dns = await danePeer(peer, [tlsa(3, 1, 1)]);
    assert.deepEqual((await fails(dns, peer.port, { tlsNeed: 'required' })).told, ['5.7.30', true], 'no REQUIRETLS');
    await using plain = await startPeer({ options: { hideSTARTTLS: true } });
    await using plainDns = await danePeer(plain, []);
    assert.deepEqual((await fails(plainDns, plain.port, { tlsNeed: 'required' })).told, ['5.7.30', true], 'no TLS');
    await using insecure = await danePeer(peer, [], ['peer.test']);
    assert.deepEqual((await fails(insecure, peer.port, { tlsNeed: 'required' })).told, ['5.7.30', true], 'no word for the host');
    await using clear = await requireTls(true);
    await using clearDns = await FakeDns.start(zone(clear.port, []));
    assert.deepEqual((await fails(clearDns, clear.port, { tlsNeed: 'required' })).told, ['5.7.30', true], 'offered in the clear');
  });
});

function tlsa(usage: number, selector: number, matchingType: number, data?: Buffer): Readonly<Record<string, unknown>> {
  const octets = selector === 0 ? leaf.raw : leaf.publicKey.export({ type: 'spki', format: 'der' });
  return { usage, selector, matchingType, certificate: data ?? createHash('sha256').update(octets).digest() };
}

function zone(port: number, records: readonly unknown[]): Zone {
  return {
    'peer.test': { MX: [{ preference: 10, exchange: 'mx.peer.test' }] },
    'mx.peer.test': { A: ['127.0.0.1'] },
    [`_${port}._tcp.mx.peer.test`]: records.length === 0 ? {} : { TLSA: records },
  };
}

async function danePeer(peer: SmtpPeer, records: readonly unknown[], insecure: readonly string[] = []): Promise<FakeDns> {
  return await FakeDns.start(zone(peer.port, records), { insecure });
}

function sts(text: string): FoundPolicy {
  const policy = parseStsPolicy(text) ?? assert.fail();
  return { policy: { ...policy, domain: 'peer.test', id: 'a', fetchedAtMs: 0, expiresAtMs: 0, refreshAtMs: 0, usedAtMs: 0 }, failure: undefined };
}

interface Options {
  readonly ca?: string | undefined;
  readonly sts?: FoundPolicy;
  readonly tlsNeed?: 'required' | 'optional';
}

async function connect(dns: FakeDns, port: number, options: Options = {}): Promise<{ readonly session: MailSession; readonly results: readonly TlsResult[] }> {
  const results: TlsResult[] = [];
  const session = await transportOf(dns, port, options, results).connect({ kind: 'domain', domain: 'peer.test', tlsNeed: options.tlsNeed }, never);
  return { session, results };
}

interface Failed {
  readonly told: readonly [status: string, isPermanent: boolean];
  readonly message: string;
  readonly results: readonly TlsResult[];
}

async function fails(dns: FakeDns, port: number, options: Options = {}): Promise<Failed> {
  const results: TlsResult[] = [];
  const transport = transportOf(dns, port, options, results);
  const error: unknown = await transport.connect({ kind: 'domain', domain: 'peer.test', tlsNeed: options.tlsNeed }, never).catch((reason: unknown) => reason);
  if (!(error instanceof TransportError)) throw new Error('it should have failed', { cause: error });
  return { told: [error.status, error.isPermanent], message: error.message, results };
}

function transportOf(dns: FakeDns, port: number, options: Options, results: TlsResult[]): SmtpTransport {
  const { sts: found } = options;
  const made: SmtpTransportOptions = {
    hostname: 'capri.test',
    resolver: dns.resolver(),
    hosts: { port, isAllowed: () => true },
    ca: 'ca' in options ? options.ca : peerCa,
    policies: found && { policyFor: async () => await Promise.resolve(found) },
    results: { record: (result) => void results.push(result) },
  };
  return new SmtpTransport(made);
}
