import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { dkimDnsRecord, generateDkimKeys, readSigningKey, selectorName } from './keys.ts';

test('two keys are made: RSA with 2048 bits, and Ed25519', async () => {
  const keys = await generateDkimKeys();
  deepEqual(
    keys.map(({ algorithm }) => algorithm),
    ['rsa-sha256', 'ed25519-sha256'],
  );
  for (const { algorithm, pem } of keys) {
    match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
    const key = readSigningKey({ domain: 'example.org', selector: 's', pem });
    equal(key.algorithm, algorithm);
    if (algorithm === 'rsa-sha256') equal(key.privateKey.asymmetricKeyDetails?.modulusLength, 2048);
  }
});

test('a record comes in strings of at most 255 octets that join to the whole', async () => {
  const [rsa, ed25519] = await generateDkimKeys();
  const long = dkimDnsRecord(rsa?.pem ?? '');
  deepEqual(
    long.strings.map(({ length }) => length),
    [255, long.text.length - 255],
  );
  equal(long.strings.join(''), long.text);
  match(long.text, /^v=DKIM1; k=rsa; p=MIIBIj[A-Za-z0-9+/]+={0,2}$/);
  match(dkimDnsRecord(ed25519?.pem ?? '').text, /^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/);
});

test('a selector tells the algorithm and the day', () => {
  equal(selectorName('rsa-sha256', Date.UTC(2026, 10, 23, 23, 59)), 'r20261123');
  equal(selectorName('ed25519-sha256', Date.UTC(2027, 0, 1)), 'e20270101');
});

test('no other kind of key is taken', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  throws(() => readSigningKey({ domain: 'example.org', selector: 's', pem }), /RSA or Ed25519/);
  throws(() => readSigningKey({ domain: 'example.org', selector: 's', pem: 'nonsense' }));
});
