import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { CorkedWriter } from './writer.ts';

suite('a writer', () => {
  test('sends what was written in one turn as one piece', async () => {
    const { writer, pieces } = target();
    writer.write('* 1 ');
    writer.write(Buffer.from('EXISTS'));
    await Promise.resolve();
    writer.write('\r\n');
    assert.deepEqual(pieces, []);
    await nextTurn();
    assert.deepEqual(pieces.map(String), ['* 1 EXISTS\r\n']);
  });

  test('keeps the order of octets whatever is written', async () => {
    const chunk = fc.oneof(fc.stringMatching(/^[ -~]{0,200}$/), fc.uint8Array({ maxLength: 200 }), fc.constant('x'.repeat(70_000)));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), async (chunks) => {
        const { writer, pieces } = target();
        for (const part of chunks) {
          writer.write(part);
          if (part.length % 7 === 0) await writer.flush();
        }
        await writer.drain();
        const expected = Buffer.concat(chunks.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
        assert.ok(Buffer.concat(pieces).equals(expected));
      }),
      { numRuns: 50 },
    );
  });

  test('waits for a slow client and gives up on one that takes nothing', async () => {
    const { writer, accept } = target({ isStuck: true });
    writer.timeoutMs = 60_000;
    writer.write('x'.repeat(100_000));
    let isFlushed = false;
    const flushed = writer.flush().then(() => {
      isFlushed = true;
    });
    await nextTurn();
    assert.equal(isFlushed, false);
    accept();
    await flushed;
    writer.write('x'.repeat(100_000));
    const stuck = assert.rejects(writer.flush(), { code: 'timeout' });
    await nextTurn();
    writer.expire(performance.now() + 60_001);
    await stuck;
  });
});

function target(options: { isStuck?: boolean } = {}): { writer: CorkedWriter; pieces: Buffer[]; accept: () => void } {
  const pieces: Buffer[] = [];
  let pending: (() => void) | undefined;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      pieces.push(chunk);
      if (options.isStuck) pending = done;
      else setImmediate(done);
    },
  });
  const writer = new CorkedWriter({ watchDeadline: () => undefined }, stream, 0);
  return { writer, pieces, accept: () => pending?.() };
}

/** Behind what was to happen at the end of this turn. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
