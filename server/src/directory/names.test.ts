import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '#core/errors.ts';
import { domainKey, formatAddress, normalizeAddress, normalizeDomain, normalizeLogin, parseSignInName } from './names.ts';

test('normal forms are stable, and anything else is refused with a domain error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress(), fc.domain(), fc.string()), (text) => {
      for (const normalize of [normalizeLogin, normalizeDomain, (address: string) => formatAddress(normalizeAddress(address))]) {
        try {
          const normal = normalize(text);
          assert.equal(normalize(normal), normal);
        } catch (error) {
          assert.ok(error instanceof DomainError);
        }
      }
      domainKey(text);
      parseSignInName(text);
    }),
    { numRuns: 2000 },
  );
});

test('a sign-in name with @ is always an address', () => {
  assert.deepEqual(parseSignInName('Jan'), { login: 'jan' });
  assert.deepEqual(parseSignInName('Jan@X@Żółw.example'), { localPart: 'jan@x', domain: 'xn--w-uga1v8h.example' });
  for (const name of ['', '@capri.example', 'jan@', 'x'.repeat(400)]) assert.equal(parseSignInName(name), undefined);
});
