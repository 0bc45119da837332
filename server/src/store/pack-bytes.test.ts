import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packBytes } from './pack-bytes.ts';

test('octets are gathered into one memory, all else is the very same', () => {
  const large = Buffer.alloc(100_000, 'x');
  const args = {
    list: [{ part: large.subarray(10, 20), none: undefined }, 'b'],
    uids: [1, 2, 3],
    empty: new Uint8Array(0),
    nothing: null,
    inner: { text: 'a' },
  };
  const { value, memory } = packBytes(args);
  assert.deepEqual(value, { ...args, list: [{ part: new Uint8Array(Buffer.from('xxxxxxxxxx')), none: undefined }, 'b'] });
  assert.equal(memory?.byteLength, 10);
  assert.equal((value.list[0] as { part: Uint8Array }).part.buffer, memory);
  assert.equal(value.uids, args.uids);
  assert.equal(value.inner, args.inner);
  const plain = { account: 1, flags: [{ name: 'a' }] };
  assert.deepEqual(packBytes(plain), { value: plain, memory: undefined });
  assert.equal(packBytes(plain).value, plain);
});

test('what is packed and handed over arrives as it was, and what it was made of stays', () => {
  const octets = fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      octets,
      fc.string(),
      fc.double({ noNaN: true }),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string({ maxLength: 3 }).filter((name) => name !== '__proto__'),
        tie('tree'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const before = structuredClone(value);
      const { value: packed, memory } = packBytes(value);
      assert.deepEqual(structuredClone(packed, { transfer: memory ? [memory] : [] }), before);
      assert.deepEqual(value, before);
    }),
  );
});
