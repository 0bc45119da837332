import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactBytes } from './compact-bytes.ts';

test('parts of a large memory are copied out, all else is the very same', () => {
  const large = Buffer.alloc(100_000, 'x');
  const whole = new Uint8Array(300);
  const args = { list: [{ part: large.subarray(10, 20), whole }], uids: [1, 2, 3], text: 'a', none: undefined, nothing: null };
  const compact = compactBytes(args);
  assert.deepEqual(compact, { ...args, list: [{ part: new Uint8Array(Buffer.from('xxxxxxxxxx')), whole }] });
  assert.equal(compact.list[0]?.part.buffer.byteLength, 10);
  assert.equal(compact.list[0]?.whole, whole);
  assert.equal(compact.uids, args.uids);
  const plain = { account: 1, flags: [{ name: 'a' }], whole };
  assert.equal(compactBytes(plain), plain);
});
