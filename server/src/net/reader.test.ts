import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { NetError } from './connection.ts';
import { BufferedReader } from './reader.ts';

const TIMEOUTS = { timeoutMs: 0, unitTimeoutMs: 0 };

suite('a reader', () => {
  test('gives the same lines however the octets arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z ]{0,40}$/), { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 60 })), async (lines, sizes) => {
        const { reader, feed } = source();
        feed(lines.map((line) => `${line}\r\n`).join(''), sizes);
        const read: string[] = [];
        for (const _ of lines) read.push((await reader.readLine(100, { strict: true })).toString('latin1'));
        assert.deepEqual(read, lines);
        assert.equal(reader.bufferedBytes, 0);
      }),
    );
  });

  test('mixes lines, literals and streams without losing an octet', async () => {
    const unit = fc.record({ how: fc.constantFrom('line', 'exactly', 'some', 'unread'), text: fc.stringMatching(/^[a-z]{1,3000}$/) });
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 900 })), async (units, sizes) => {
        const { reader, feed } = source();
        feed(units.map(({ how, text }) => (how === 'line' ? `${text}\n` : text)).join(''), sizes);
        for (const { how, text } of units) {
          if (how === 'line') assert.equal((await reader.readLine(3000)).toString(), text);
          else if (how === 'exactly') assert.equal((await reader.readExactly(text.length)).toString(), text);
          else {
            if (how === 'unread') {
              const early = await reader.readExactly(1);
              assert.equal(early.toString(), text[0]);
              reader.unread(early);
            }
            let read = '';
            while (read.length < text.length) read += (await reader.readSome(text.length - read.length)).toString();
            assert.equal(read, text);
          }
        }
        assert.equal(reader.bufferedBytes, 0);
      }),
    );
  });

  test('never throws anything but its own errors, and goes on after them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.integer({ min: 1, max: 100 })), fc.boolean(), async (bytes, sizes, strict) => {
        const { reader, feed } = source();
        feed(Buffer.from(bytes).toString('latin1'), sizes);
        setImmediate(() => {
          reader.end(new NetError('closed'));
        });
        for (;;) {
          const error = await reader.readLine(30, { strict }).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (error === undefined) continue;
          assert.ok(error instanceof NetError);
          if (error.code === 'closed') break;
          assert.ok(error.code === 'line-too-long' || error.code === 'bare-newline');
        }
      }),
    );
  });

  test('drops an over-long line up to its end and reads the next one', async () => {
    const { reader, feed } = source();
    feed(`${'x'.repeat(100_000)}\r\nnext\r\n`, [8192]);
    await assert.rejects(reader.readLine(1000), { code: 'line-too-long' });
    assert.equal((await reader.readLine(1000)).toString(), 'next');
  });

  test('counts the limit without the line end', async () => {
    const { reader, feed } = source();
    feed('12345\r\n12345\n123456\n123456\r\n12345\r\n', [100]);
    assert.equal((await reader.readLine(5)).toString(), '12345');
    assert.equal((await reader.readLine(5)).toString(), '12345');
    await assert.rejects(reader.readLine(5), { code: 'line-too-long' });
    assert.throws(() => reader.readLineNow(5), { code: 'line-too-long' });
    assert.equal(reader.readLineNow(5)?.toString(), '12345');
    assert.equal(reader.readLineNow(5), undefined);
  });

  test('gives up on a line that never ends', async () => {
    const { reader } = source();
    const read = assert.rejects(reader.readLine(1000), { code: 'line-too-long' });
    for (let sent = 0; sent < 3 * 1024 * 1024; sent += 65536) {
      reader.arrive(Buffer.alloc(65536, 0x61));
      await Promise.resolve();
    }
    await read;
    await assert.rejects(reader.readLine(1000), { code: 'closed' });
  });

  test('refuses bare line ends where it is strict', async () => {
    const { reader, feed } = source();
    feed('a\nb\rc\r\nd\r\r\ngood\r\n', [100]);
    for (let line = 0; line < 3; line++) await assert.rejects(reader.readLine(100, { strict: true }), { code: 'bare-newline' });
    assert.equal((await reader.readLine(100, { strict: true })).toString(), 'good');
  });

  test('stops its source when nobody reads, and starts it for what a read asks', async () => {
    const { reader, calls } = source();
    for (let sent = 0; sent < 40; sent++) reader.arrive(Buffer.alloc(1000, 0x61));
    assert.deepEqual(calls, ['pause']);
    const read = reader.readExactly(50_000);
    assert.deepEqual(calls, ['pause', 'resume']);
    for (let sent = 0; sent < 10; sent++) reader.arrive(Buffer.alloc(1000, 0x61));
    assert.equal((await read).length, 50_000);
  });

  test('keeps single octets cheaply', async () => {
    const { reader, feed } = source();
    feed('y'.repeat(30_000), [1]);
    assert.equal((await reader.readExactly(30_000)).toString(), 'y'.repeat(30_000));
  });

  test('does not change a literal that was handed out when more arrives', async () => {
    const { reader } = source();
    reader.arrive(Buffer.from('a'));
    reader.arrive(Buffer.from('bcd'));
    await reader.readExactly(1);
    const literal = await reader.readExactly(2);
    reader.arrive(Buffer.from('efgh'));
    assert.equal(literal.toString(), 'bc');
    assert.equal((await reader.readExactly(5)).toString(), 'defgh');
  });

  test('ends a read whose time is over, and only that one', async () => {
    const { reader } = source();
    reader.timeoutMs = 1000;
    const read = assert.rejects(reader.readLine(10), { code: 'timeout' });
    assert.ok(reader.deadlineMs <= performance.now() + 1000);
    reader.expire(performance.now() + 1001);
    await read;
    const second = reader.readLine(10);
    reader.arrive(Buffer.from('ok\r\n'));
    assert.equal((await second).toString(), 'ok');
    assert.equal(reader.deadlineMs, Number.POSITIVE_INFINITY);
  });

  test('counts the time of a unit from its first octet, however slowly the rest trickles in', async () => {
    const { reader } = source();
    reader.unitTimeoutMs = 5000;
    const read = assert.rejects(reader.readLine(10), { code: 'timeout' });
    reader.arrive(Buffer.from('a'));
    await Promise.resolve();
    const deadline = reader.deadlineMs;
    reader.arrive(Buffer.from('b'));
    await Promise.resolve();
    assert.equal(reader.deadlineMs, deadline);
    reader.expire(deadline + 1);
    await read;
  });

  test('serves what had arrived before the end', async () => {
    const { reader, feed } = source();
    feed('last\r\npart', [100]);
    reader.end(new NetError('closed'));
    assert.equal((await reader.readLine(100)).toString(), 'last');
    await assert.rejects(reader.readLine(100), { code: 'closed' });
  });
});

/** A reader and its source: `feed` hands on a text in pieces of the sizes given (over and over), each in a later turn. */
function source(): { reader: BufferedReader; calls: string[]; feed: (text: string, sizes: readonly number[]) => void } {
  const calls: string[] = [];
  const reader = new BufferedReader({ pause: () => calls.push('pause'), resume: () => calls.push('resume'), watchDeadline: () => undefined }, TIMEOUTS);
  const feed = (text: string, sizes: readonly number[]): void => {
    const bytes = Buffer.from(text, 'latin1');
    let at = 0;
    let turn = 0;
    const step = (): void => {
      if (at >= bytes.length) return;
      const size = sizes[turn++ % sizes.length] ?? bytes.length;
      reader.arrive(Buffer.from(bytes.subarray(at, at + size)));
      at += size;
      if (size > 1 && turn % 3 === 0) queueMicrotask(step);
      else step_(step, turn);
    };
    step();
  };
  return { reader, calls, feed };
}

/** Single octets in one turn (as a flood of small packets would come), other pieces in later ones. */
function step_(step: () => void, turn: number): void {
  if (turn % 50 === 0) setImmediate(step);
  else queueMicrotask(step);
}
