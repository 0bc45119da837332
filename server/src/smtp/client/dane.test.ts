import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import type { TlsaRecord } from '#net/dns/resolver.ts';
import { matchDane, recordText, usableRecords } from './dane.ts';

const nowMs = Date.UTC(2026, 10, 23);
const authority = makeAuthority('Dane test', nowMs);
const stranger = makeAuthority('Somebody else', nowMs);
const anchor = new X509Certificate(authority.certificate);
const leaf = new X509Certificate(issueCertificate(authority, ['mx.peer.test'], { nowMs }).certificate);
const chain = [leaf, anchor];

suite('DANE', () => {
  test('DANE-EE holds the certificate or its key, whatever its names and dates', () => {
    const far = nowMs + 20 * 365 * 86_400_000;
    for (const selector of [0, 1])
      for (const matchingType of [0, 1, 2]) {
        const good = record(3, selector, matchingType, leaf);
        assert.deepEqual(matchDane([good], chain, ['other.test'], far), { check: 'dane-ee' }, recordText(good));
        assert.equal(matchDane([record(3, selector, matchingType, anchor)], chain, ['mx.peer.test'], nowMs), undefined);
      }
  });

  test('DANE-TA holds an authority above the certificate, which must have the name and be in its time', () => {
    for (const selector of [0, 1])
      for (const matchingType of [0, 1, 2]) {
        const good = record(2, selector, matchingType, anchor);
        assert.deepEqual(matchDane([good], chain, ['next.test', 'mx.peer.test'], nowMs), { check: 'dane-ta' }, recordText(good));
        assert.equal(matchDane([good], chain, ['other.test'], nowMs), undefined);
        assert.equal(matchDane([good], chain, ['mx.peer.test'], nowMs + 2 * 365 * 86_400_000), undefined);
      }
  });

  test('an authority that is written out need not be sent', () => {
    assert.deepEqual(matchDane([record(2, 0, 0, anchor)], [leaf], ['mx.peer.test'], nowMs), { check: 'dane-ta' });
    assert.deepEqual(matchDane([record(2, 1, 0, anchor)], [leaf], ['mx.peer.test'], nowMs), { check: 'dane-ta' });
    assert.equal(matchDane([record(2, 0, 1, anchor)], [leaf], ['mx.peer.test'], nowMs), undefined);
  });

  test('an authority that was only put into the chain vouches for nobody', () => {
    const other = new X509Certificate(stranger.certificate);
    for (const matchingType of [0, 1]) assert.equal(matchDane([record(2, 0, matchingType, other)], [leaf, other], ['mx.peer.test'], nowMs), undefined);
    // One of the same name has not signed it either.
    const twin = new X509Certificate(makeAuthority('Dane test', nowMs).certificate);
    assert.equal(matchDane([record(2, 1, 1, twin)], [leaf, twin], ['mx.peer.test'], nowMs), undefined);
    // Nor is a server an authority.
    assert.equal(matchDane([record(2, 0, 1, other)], [leaf, leaf, other], ['mx.peer.test'], nowMs), undefined);
  });

  test('a certificate whose key cannot be read proves nothing, and throws nothing', () => {
    // The object identifier of P-256 made one that nobody knows.
    const raw = Buffer.from(anchor.raw);
    const at = raw.indexOf(Buffer.from('2a8648ce3d030107', 'hex'));
    assert.ok(at > 0);
    raw[at + 7] = 0x7f;
    const odd = new X509Certificate(raw);
    assert.throws(() => odd.publicKey);
    assert.equal(matchDane([record(2, 1, 1, anchor)], [leaf, odd], ['mx.peer.test'], nowMs), undefined);
  });

  test('one record of many is enough', () => {
    const records = [record(3, 1, 1, anchor), record(2, 0, 2, new X509Certificate(stranger.certificate)), record(3, 1, 1, leaf)];
    assert.deepEqual(matchDane(records, chain, [], nowMs), { check: 'dane-ee' });
    assert.equal(matchDane([], chain, [], nowMs), undefined);
    assert.equal(matchDane(records, [], [], nowMs), undefined);
  });

  test('records for web browsers, of unknown kinds and of wrong length are of no use', () => {
    const good = record(3, 1, 1, leaf);
    const bad: TlsaRecord[] = [
      { ...good, usage: 0 },
      { ...good, usage: 1 },
      { ...good, usage: 255 },
      { ...good, selector: 2 },
      { ...good, matchingType: 3 },
      { ...good, matchingType: 2 },
      { ...good, data: good.data.subarray(1) },
      { ...good, matchingType: 0 },
      { ...good, matchingType: 0, selector: 0, data: Buffer.alloc(20_000) },
    ];
    assert.deepEqual(usableRecords([...bad, good]), [good]);
    assert.ok(usableRecords(Array.from({ length: 1000 }, () => good)).length <= 40);
  });

  test('any record can be looked at', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const small = fc.integer({ min: 0, max: 4 });
    const records = fc.array(
      fc.record({
        usage: fc.oneof(small, byte),
        selector: fc.oneof(small, byte),
        matchingType: fc.oneof(small, byte),
        data: fc.uint8Array({ maxLength: 100 }),
      }),
    );
    fc.assert(
      fc.property(records, (made) => {
        const all = made.map((one) => ({ ...one, data: Buffer.from(one.data) }));
        assert.equal(matchDane(usableRecords(all), chain, ['mx.peer.test'], nowMs), undefined);
        assert.equal(matchDane(all, chain, ['mx.peer.test'], nowMs), undefined);
      }),
    );
  });
});

function record(usage: number, selector: number, matchingType: number, certificate: X509Certificate): TlsaRecord {
  const octets = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  const data =
    matchingType === 0
      ? octets
      : createHash(matchingType === 1 ? 'sha256' : 'sha512')
          .update(octets)
          .digest();
  return { usage, selector, matchingType, data };
}
