import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReceiptId } from './receipt-id.ts';

test('a receipt id has 16 letters and digits, and later ones sort behind earlier ones', () => {
  const times = [0, 1, 61, 62, 3843, 3844, 1_764_000_000_000, 1_764_000_000_001, 4_000_000_000_000];
  const ids = times.map((ms) => newReceiptId(ms));
  assert.ok(ids.every((id) => /^[A-Za-z0-9]{16}$/.test(id)));
  assert.deepEqual(ids.toSorted(compareOctets), ids);
});

test('a receipt id does not come twice in the same millisecond', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => newReceiptId(5))).size, 10_000);
});

function compareOctets(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
