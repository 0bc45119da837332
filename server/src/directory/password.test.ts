import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { generatePassword, hashPassword, preparePassword, verifyPassword } from './password.ts';
import { SignInDigest } from './shared-sign-in.ts';

test('a password is right against its own hash and no other', async () => {
  const hash = await hashPassword('zażółć gęślą');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword(preparePassword('zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328') ?? '', hash), true);
  assert.equal(await verifyPassword('zażółć gęśla', hash), false);
});

test('a hash with other costs is read, and one with mad costs is not', async () => {
  // argon2id of "password" with m=64, t=1, from the reference implementation's parameters format.
  for (const phc of [
    '',
    'x',
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ',
    '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA',
  ]) {
    assert.equal(await verifyPassword('password', phc), false);
  }
});

test('a password may not be empty, endless, or hold controls', async () => {
  for (const password of ['', 'a\0b', 'a\nb', 'x'.repeat(1025)]) {
    assert.equal(preparePassword(password), undefined);
    await assert.rejects(hashPassword(password), { code: 'password-invalid' });
  }
  assert.equal(preparePassword('a\u00a0b'), 'a b');
});

test('generated passwords are four groups of five and never the same', () => {
  const made = new Set(Array.from({ length: 200 }, generatePassword));
  assert.equal(made.size, 200);
  for (const password of made) assert.match(password, /^(?:[a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
});

test('the digest is HMAC-SHA-256', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), fc.string(), (key, first, second) => {
      const expected = createHmac('sha256', key).update(`${first}\0${second}`).digest();
      assert.deepEqual(new SignInDigest(key).of(first, second), { high: expected.readUIntBE(0, 6) + 1, low: expected.readUIntBE(6, 6) });
    }),
  );
});
