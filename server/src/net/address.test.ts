import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, isPublicAddress, limitKey, NetworkList, networkOf } from './address.ts';

test('an address has one canonical text', () => {
  assert.deepEqual(
    ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:C000:201', '2001:DB8:0:0::1', 'fe80::1%eth0', '192.0.2', '0x7f.1', 'localhost', ''].map(canonicalAddress),
    ['192.0.2.1', '192.0.2.1', '192.0.2.1', '2001:db8::1', 'fe80::1', undefined, undefined, undefined, undefined],
  );
});

test('limits count an IPv4 address or an IPv6 /64', () => {
  assert.equal(limitKey('192.0.2.1'), '192.0.2.1');
  assert.equal(limitKey('2001:db8:1:2:3::4'), limitKey('2001:db8:1:2:ffff::'));
  assert.notEqual(limitKey('2001:db8:1:2::4'), limitKey('2001:db8:1:3::4'));
  assert.equal(networkOf('192.0.2.77', 24, 48), '192.0.2.0/24');
  assert.equal(networkOf('2001:db8:1:2::4', 24, 48), '2001:db8:1::/48');
});

test('the public internet is what no special range covers', () => {
  const isPublic = ['8.8.8.8', '2606:4700::1111', '64:ff9b::8.8.8.8'];
  const isSpecial = [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '169.254.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::',
    '::10.0.0.1',
    '::ffff:0:10.0.0.1',
    '2002:7f00:1::',
    '2002:808:808::',
    '64:ff9b::10.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b:1::8.8.8.8',
    '2001:0:1::1',
    '2001:db8::1',
    '4000::1',
    'x',
  ];
  assert.deepEqual(
    isPublic.map(isPublicAddress),
    isPublic.map(() => true),
  );
  assert.deepEqual(
    isSpecial.map(isPublicAddress),
    isSpecial.map(() => false),
  );
});

test('a list of networks knows its members', () => {
  const list = new NetworkList(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7']);
  assert.deepEqual(
    ['192.0.2.9', '::ffff:192.0.2.9', '192.0.3.1', '2001:db8::1', '198.51.100.7', '198.51.100.8', 'local'].map((address) => list.has(address)),
    [true, true, false, true, true, false, false],
  );
  assert.throws(() => new NetworkList(['example.org']), /neither an address nor a network/);
});
