import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { NetError } from '#net/connection.ts';
import { BufferedReader } from '#net/reader.ts';
import { readReply, replyText, statusOf } from './reply.ts';

suite('a reply', () => {
  test('has the code of its last line and the first enhanced code of its class', async () => {
    const reply = await read('550-5.1.1 first\r\n550 second\r\n');
    assert.deepEqual([reply.code, statusOf(reply), replyText(reply)], [550, '5.1.1', '550 5.1.1 first second']);
    assert.equal(statusOf(await read('450 grey\r\n')), '4.0.0');
    assert.equal(statusOf(await read('550 4.1.1 confused\r\n')), '5.0.0');
    assert.equal(replyText(await read('250\r\n')), '250');
  });

  test('is cleaned of what could write lines of its own elsewhere', async () => {
    assert.equal(replyText(await read('550 a\rb\x1b[0m\0c\u202e\n')), '550 a b [0m c');
  });

  test('of any octets is read or refused, never anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', '250-', '220 ', '550 5.1.1 '), async (bytes, start) => {
        await read(Buffer.concat([Buffer.from(start), bytes, Buffer.from('\r\n')])).catch((error: unknown) => {
          assert.ok(error instanceof NetError);
        });
      }),
    );
  });
});

async function read(bytes: string | Buffer): ReturnType<typeof readReply> {
  const nothing = (): void => undefined;
  const reader = new BufferedReader({ pause: nothing, resume: nothing, watchDeadline: nothing }, { timeoutMs: 0, unitTimeoutMs: 0 });
  reader.arrive(Buffer.from(bytes));
  reader.end(new NetError('closed'));
  return await readReply(reader, 1000);
}
