import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '#core/clock.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { StubResolver } from './stub-resolver.ts';
import { parseResolvConf, parseServer } from './system-servers.ts';

const ZONE: Zone = {
  'example.test': {
    MX: [
      { preference: 20, exchange: 'MX2.example.test' },
      { preference: 10, exchange: 'mx1.example.test' },
    ],
    TXT: ['v=spf1 ', ['two ', 'parts']],
    A: ['192.0.2.1'],
    AAAA: ['2001:db8:0:0::1'],
  },
  'null.test': { MX: [{ preference: 0, exchange: '.' }] },
  'alias.test': { CNAME: ['example.test'] },
  'onlyfour.test': { A: ['192.0.2.4'] },
  '_25._tcp.mx1.example.test': { TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 7) }] },
  '1.2.0.192.in-addr.arpa': { PTR: ['Mail.Example.Test'] },
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['six.example.test'] },
};

suite('the stub resolver', () => {
  test('finds what is there', async () => {
    await using dns = await FakeDns.start(ZONE);
    const resolver = dns.resolver();
    const found = { status: 'found', isAuthentic: true };
    assert.deepEqual(await resolver.resolveMx('Example.TEST.'), {
      ...found,
      canonicalName: 'example.test',
      records: [
        { preference: 10, exchange: 'mx1.example.test' },
        { preference: 20, exchange: 'mx2.example.test' },
      ],
    });
    assert.deepEqual(await resolver.resolveMx('null.test'), { ...found, canonicalName: 'null.test', records: [{ preference: 0, exchange: '' }] });
    assert.deepEqual(await resolver.resolveAddresses('alias.test'), { ...found, canonicalName: 'example.test', records: ['2001:db8::1', '192.0.2.1'] });
    assert.deepEqual(await resolver.resolveAddresses('onlyfour.test'), { ...found, canonicalName: 'onlyfour.test', records: ['192.0.2.4'] });
    assert.deepEqual(await resolver.resolveTxt('example.test'), { ...found, canonicalName: 'example.test', records: ['v=spf1 ', 'two parts'] });
    assert.deepEqual((await resolver.resolveTlsa('_25._tcp.mx1.example.test')).records[0]?.data, Buffer.alloc(32, 7));
    assert.deepEqual(await resolver.resolvePtr('192.0.2.1'), { ...found, canonicalName: '1.2.0.192.in-addr.arpa', records: ['mail.example.test'] });
    assert.deepEqual((await resolver.resolvePtr('2001:db8::1')).records, ['six.example.test']);
    assert.deepEqual(await resolver.resolveAlias('alias.test'), { ...found, canonicalName: 'alias.test', records: ['example.test'] });
  });

  test('tells a name that does not exist from one without such records, and remembers both', async () => {
    await using dns = await FakeDns.start(ZONE);
    const resolver = dns.resolver();
    for (let round = 0; round < 3; round++) {
      assert.equal((await resolver.resolveMx('missing.test')).status, 'no-domain');
      assert.equal((await resolver.resolveMx('onlyfour.test')).status, 'no-data');
      assert.equal((await resolver.resolveAddresses('onlyfour.test', 6)).status, 'no-data');
    }
    assert.deepEqual(dns.questions, ['MX missing.test', 'MX onlyfour.test', 'AAAA onlyfour.test']);
  });

  test('asks once for what many want at the same time, and again when the answer is too old', async () => {
    await using dns = await FakeDns.start(ZONE);
    const clock = new FakeClock();
    const resolver = new StubResolver({ servers: [dns.server], clock });
    await Promise.all(Array.from({ length: 50 }, () => resolver.resolveMx('example.test')));
    assert.equal(dns.questions.length, 1);
    clock.advance(301_000);
    await resolver.resolveMx('example.test');
    assert.equal(dns.questions.length, 2);
  });

  test('takes the AD bit only when it is set and from whom it trusts', async () => {
    await using dns = await FakeDns.start(ZONE, { insecure: ['example.test'] });
    assert.equal((await dns.resolver().resolveMx('example.test')).isAuthentic, false);
    assert.equal((await dns.resolver().resolveMx('null.test')).isAuthentic, true);
  });

  test('goes to TCP when the answer was cut', async () => {
    await using dns = await FakeDns.start(ZONE, { truncates: true });
    assert.equal((await dns.resolver().resolveMx('example.test')).records.length, 2);
  });

  test('is not taken in by forged packets, and asks again when a packet is lost', async () => {
    await using dns = await FakeDns.start(ZONE, { forges: true, silent: 1 });
    assert.equal((await dns.resolver().resolveMx('example.test')).records.length, 2);
  });

  test('asks over TCP when somebody is guessing', async () => {
    await using dns = await FakeDns.start(ZONE, { floods: true });
    assert.equal((await dns.resolver().resolveMx('example.test')).records.length, 2);
  });

  test('asks a server from before EDNS without it', async () => {
    await using dns = await FakeDns.start(ZONE, { isOld: true });
    assert.equal((await dns.resolver().resolveMx('example.test')).records.length, 2);
  });

  test('gives the octets of a text as they are, and the very same answer while it is remembered', async () => {
    await using dns = await FakeDns.start({ 'octets.test': { TXT: [[Buffer.from([0xc4, 0x85]), Buffer.from([0, 0xff])], []] } });
    const resolver = dns.resolver();
    const answer = await resolver.resolveTxt('octets.test');
    assert.deepEqual(answer.records, ['\u00c4\u0085\0\u00ff', '']);
    assert.equal(await resolver.resolveTxt('Octets.Test.'), answer);
  });

  test('an alias that leads nowhere is told apart: the target may not exist, or have no such record', async () => {
    await using dns = await FakeDns.start({
      'gone.test': { CNAME: ['missing.test'] },
      'empty.test': { CNAME: ['host.test'] },
      'host.test': { A: ['192.0.2.1'] },
    });
    const resolver = dns.resolver();
    assert.deepEqual(await resolver.resolveTxt('gone.test'), { status: 'no-domain', records: [], isAuthentic: true, canonicalName: 'missing.test' });
    assert.deepEqual(await resolver.resolveTxt('empty.test'), { status: 'no-data', records: [], isAuthentic: true, canonicalName: 'host.test' });
  });

  test('throws a temporary error for what it cannot find out, and not for a name that cannot be', async () => {
    await using dns = await FakeDns.start(ZONE, { failing: ['broken.test'] });
    const resolver = dns.resolver(50);
    await assert.rejects(resolver.resolveMx('broken.test'), { name: 'DnsError', code: 'server-failure' });
    dns.faults = { silent: 100 };
    await assert.rejects(resolver.resolveMx('silent.test'), { name: 'DnsError', code: 'timeout' });
    for (const name of ['', '..', 'a..b', `${'x'.repeat(64)}.test`, 'ex\tample.test', 'żółć.test', '192.0.2.1', 'x.'.repeat(200)])
      assert.equal((await resolver.resolveMx(name)).status, 'no-domain');
  });

  test('survives a server to which there is no way', async () => {
    // No socket may be connected to the broadcast address: the error comes as it does where the network is down.
    const resolver = new StubResolver({ servers: [{ address: '255.255.255.255', port: 53 }], timeoutMs: 50 });
    await assert.rejects(resolver.resolveMx('example.test'), { name: 'DnsError', code: 'server-failure' });
  });

  test('goes on to the next server', async () => {
    await using dead = await FakeDns.start({}, { silent: 1000 });
    await using dns = await FakeDns.start(ZONE);
    const resolver = new StubResolver({ servers: [dead.server, dns.server], timeoutMs: 50 });
    assert.equal((await resolver.resolveMx('example.test')).status, 'found');
  });

  test('never throws anything but its own error for any name', async () => {
    await using dns = await FakeDns.start(ZONE);
    const resolver = dns.resolver();
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), async (name) => {
        await resolver.resolveTxt(name);
        await resolver.resolvePtr(name);
      }),
      { numRuns: 50 },
    );
  });
});

test('servers are read from the configuration and from resolv.conf', () => {
  assert.deepEqual(['192.0.2.1', '192.0.2.1:5353', '2001:db8::1', '[::1]:54'].map(parseServer), [
    { address: '192.0.2.1', port: 53 },
    { address: '192.0.2.1', port: 5353 },
    { address: '2001:db8::1', port: 53 },
    { address: '::1', port: 54 },
  ]);
  for (const text of ['', 'localhost', '1.2.3.4:0', '1.2.3.4:99999', '[::1']) assert.throws(() => parseServer(text), /is no DNS server/);
  assert.deepEqual(parseResolvConf('# none\nsearch x\nnameserver 192.0.2.1\nnameserver ::1\n;x\n'), [
    { address: '192.0.2.1', port: 53 },
    { address: '::1', port: 53 },
  ]);
  assert.deepEqual(parseResolvConf(''), [{ address: '127.0.0.1', port: 53 }]);
});
