import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { readKeyRecord } from './key-record.ts';
import { dkimDnsRecord, generateDkimKeys } from './keys.ts';

const RSA = rsaText(2048);
const ED25519 = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

test('what is published for our own keys is read back', async () => {
  const records = (await generateDkimKeys()).map(({ pem }) => readKeyRecord(dkimDnsRecord(pem).text));
  deepEqual(
    records.map((record) => 'key' in record && [record.kind, record.bits, record.allowsSha256, record.isTesting, record.isStrict]),
    [
      ['rsa', 2048, true, false, false],
      ['ed25519', 256, true, false, false],
    ],
  );
});

test('flags, hashes and services are read; what is not known is passed over', () => {
  const record = readKeyRecord(`v=DKIM1; g=nobody; h=sha1 : sha256; s=other:email; t=y:s:x; n=a note; zz=?; p=${RSA}`);
  deepEqual('key' in record && [record.allowsSha256, record.isTesting, record.isStrict], [true, true, true]);
  const sha1Only = readKeyRecord(`h=sha1; p=${RSA}`);
  equal('key' in sha1Only && sha1Only.allowsSha256, false);
  equal('key' in readKeyRecord(`p=${RSA}`), true);
});

test('what gives no key says why', () => {
  const reasons: Readonly<Record<string, string>> = {
    'v=spf1 -all': 'not a key record',
    'v=DKIM2; p=AAAA': 'not a key record',
    [`p=${RSA}; v=DKIM1`]: 'not a key record',
    'v=DKIM1; k=rsa': 'not a key record',
    '': 'not a key record',
    [`v=DKIM1; p=${RSA}; p=${RSA}`]: 'not a key record',
    'v=DKIM1; p=': 'revoked',
    'v=DKIM1; p=AAAA': 'broken',
    'v=DKIM1; p=!': 'broken',
    [`v=DKIM1; k=ed25519; p=${RSA}`]: 'broken',
    [`v=DKIM1; k=rsa; p=${ED25519}`]: 'broken',
    [`v=DKIM1; k=dsa; p=${RSA}`]: 'unknown kind',
    [`v=DKIM1; s=tlsrpt; p=${RSA}`]: 'not for mail',
    [`v=DKIM1; n=${'x'.repeat(5000)}; p=${RSA}`]: 'too large',
    [`v=DKIM1; p=${'A'.repeat(4000)}`]: 'too large',
  };
  for (const [text, unusable] of Object.entries(reasons)) deepEqual(readKeyRecord(text), { unusable }, text.slice(0, 60));
});

test('keys that would make a verification dear are refused', () => {
  // 4096 bits and a public exponent of 4095 bits.
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const jwk = publicKey.export({ format: 'jwk' });
  const modulus = Buffer.from(jwk.n ?? '', 'base64url');
  const dear = sequence([integer(modulus), integer(Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(100, 0xff)]))]);
  deepEqual(readKeyRecord(`p=${dear.toString('base64')}`), { unusable: 'too large' });
  const large = sequence([integer(Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(600, 0xff)])), integer(Buffer.from([1, 0, 1]))]);
  deepEqual(readKeyRecord(`p=${large.toString('base64')}`), { unusable: 'too large' });
});

test('a bare RSAPublicKey is read too', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const record = readKeyRecord(`v=DKIM1; p=${publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')}`);
  equal('key' in record && record.key.equals(publicKey), true);
});

test('public keys of other kinds are not read, whatever the record says', () => {
  for (const { publicKey } of [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('rsa-pss', { modulusLength: 2048 })]) {
    deepEqual(readKeyRecord(`v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`), { unusable: 'broken' });
  }
});

test('the same text gives the same key, read once', () => {
  const text = `v=DKIM1; n=${Math.random()}; p=${RSA}`;
  equal(readKeyRecord(text), readKeyRecord(text));
  notEqual(readKeyRecord(`${text};`), readKeyRecord(text));
});

test('any octets are a record or are not', () => {
  const part = fc.constantFrom('v=DKIM1', 'k=rsa', 'k=ed25519', 'p=', `p=${ED25519}`, `p=${RSA}`, `p=${RSA.slice(0, 100)}`, 't=y', 'h=', 's=', ';', '=', '\0');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(part).map((parts) => parts.join('; ')),
      ),
      (text) => {
        readKeyRecord(text);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
      const record = readKeyRecord(`p=${Buffer.from(octets).toString('base64')}`);
      equal('key' in record || 'unusable' in record, true);
    }),
  );
});

function rsaText(bits: number): string {
  return generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

function integer(octets: Buffer): Buffer {
  return der(2, (octets[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), octets]) : octets);
}

function sequence(items: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(items));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
}
