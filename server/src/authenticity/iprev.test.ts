import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeDns, type Zone } from '../../test/support/dns.ts';
import { checkIprev } from './iprev.ts';

const REVERSE_6 = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';

test('an address passes with the first of its names that leads back to it', async () => {
  const zone: Zone = {
    '1.2.0.192.in-addr.arpa': { PTR: ['forged.test', 'mail.example.test'] },
    'forged.test': { A: ['198.51.100.1'] },
    'mail.example.test': { A: ['198.51.100.2', '192.0.2.1'], AAAA: ['2001:db8::1'] },
    [REVERSE_6]: { PTR: ['Mail.Example.Test'] },
  };
  await using dns = await FakeDns.start(zone);
  const passes = { result: 'pass', name: 'mail.example.test' };
  assert.deepEqual(await checkIprev(dns.resolver(), '192.0.2.1'), passes);
  assert.deepEqual(await checkIprev(dns.resolver(), '::ffff:192.0.2.1'), passes);
  assert.deepEqual(await checkIprev(dns.resolver(), '2001:DB8:0::1'), passes);
});

test('an address fails when no name leads back, and has no result without a name or an answer', async () => {
  const zone: Zone = {
    '1.2.0.192.in-addr.arpa': { PTR: ['gone.test', 'six.test'] },
    'six.test': { AAAA: ['::ffff:192.0.2.1'] },
    '2.2.0.192.in-addr.arpa': { PTR: ['broken.test', 'gone.test'] },
    '3.2.0.192.in-addr.arpa': {},
  };
  await using dns = await FakeDns.start(zone, { failing: ['broken.test', '5.2.0.192.in-addr.arpa'] });
  const results = await Promise.all(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', 'local', ''].map(async (address) => (await checkIprev(dns.resolver(), address)).result),
  );
  assert.deepEqual(results, ['fail', 'temperror', 'permerror', 'permerror', 'temperror', 'permerror', 'permerror']);
});

test('only the first ten names are looked up', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `n${index}.test`);
  await using dns = await FakeDns.start({ '1.2.0.192.in-addr.arpa': { PTR: names }, 'n10.test': { A: ['192.0.2.1'] } });
  assert.deepEqual(await checkIprev(dns.resolver(), '192.0.2.1'), { result: 'fail' });
  assert.equal(dns.questions.length, 11);
});
