import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CollectingWriter } from '../../test/support/collecting-writer.ts';
import { linesEnd, MessageWriter } from './write-message.ts';

test('whatever a message holds, in whatever pieces it comes, a client reads it back and nothing behind it', () => {
  const pieces = fc.array(fc.stringMatching(/^[.\r\nab]{0,12}$/), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const reply = written(parts);
      const message = parts.join('');
      const expected = message === '' || message.endsWith('\r\n') ? message : `${message}\r\n`;
      // A client that knows only CRLF.
      assert.equal(reply.indexOf('\r\n.\r\n'), expected === '' ? -1 : reply.length - 5);
      // A client that splits lines at any LF, and takes one dot off.
      const lines = reply.split('\n');
      assert.deepEqual(lines.slice(-2), ['.\r', '']);
      const body = lines.slice(0, -2);
      assert.ok(body.every((line) => line !== '.\r' && line !== '.'));
      assert.equal(body.map((line) => `${line.startsWith('.') ? line.slice(1) : line}\n`).join(''), expected);
    }),
    { numRuns: 2000 },
  );
});

test('the end of so many lines is found in pieces as in one', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab\n]{0,40}$/), fc.nat(12), fc.nat(40), (text, count, cut) => {
      const whole = linesEnd(Buffer.from(text), 0, count);
      const first = linesEnd(Buffer.from(text.slice(0, cut)), 0, count);
      const second = linesEnd(Buffer.from(text.slice(cut)), 0, first.missing);
      const total = first.missing === 0 ? first.end : first.end + second.end;
      assert.deepEqual({ end: total, missing: first.missing === 0 ? 0 : second.missing }, whole);
    }),
  );
});

function written(parts: readonly string[]): string {
  const writer = new CollectingWriter();
  const output = new MessageWriter(writer);
  for (const part of parts) output.write(Buffer.from(part));
  output.end();
  return writer.text;
}
