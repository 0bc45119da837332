import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DotStuffer } from './dot-stuffer.ts';

test('stuffed in any pieces, a message is read back as it was, and ends once', () => {
  const piece = fc.constantFrom('.', '..', '\r\n', '\r', '\n', 'a', '\r\n.', '\r\n.\r\n', 'line\r\n');
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (pieces, sizes) => {
      const text = pieces.join('').replace(/\r(?!\n)|(?<!\r)\n/g, '');
      const stuffer = new DotStuffer();
      let wire = '';
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        wire += stuffer.stuff(Buffer.from(text.slice(at, at + size))).toString();
        at += size;
      }
      wire += stuffer.end();
      assert.ok(wire.endsWith('.\r\n'));
      const lines = wire.split('\r\n');
      assert.equal(lines.indexOf('.'), lines.length - 2);
      const read = lines
        .slice(0, -2)
        .map((line) => `${line.startsWith('.') ? line.slice(1) : line}\r\n`)
        .join('');
      assert.equal(read, text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`);
    }),
  );
});
