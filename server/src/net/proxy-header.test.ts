import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { NetError } from './connection.ts';
import { type ProxiedAddresses, readProxyHeader } from './proxy-header.ts';
import { BufferedReader } from './reader.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

suite('a PROXY header', () => {
  test('of version 1 names the client', async () => {
    assert.deepEqual(await parse(Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 51234 25\r\nEHLO x\r\n')), {
      header: { remote: { address: '192.0.2.7', port: 51234 }, local: { address: '198.51.100.1', port: 25 } },
      rest: 'EHLO x\r\n',
    });
    assert.deepEqual((await parse(Buffer.from('PROXY TCP6 2001:DB8::0001 ::1 1 2\r\n'))).header?.remote, { address: '2001:db8::1', port: 1 });
    assert.equal((await parse(Buffer.from('PROXY UNKNOWN\r\n'))).header, undefined);
  });

  test('of version 2 names the client, and extensions are skipped', async () => {
    const body = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0, 25, 0x04, 0, 1, 0xaa]);
    assert.deepEqual(await parse(Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0, body.length]), body, Buffer.from('EHLO')])), {
      header: { remote: { address: '192.0.2.7', port: 51234 }, local: { address: '198.51.100.1', port: 25 } },
      rest: 'EHLO',
    });
    assert.equal((await parse(Buffer.concat([SIGNATURE, Buffer.from([0x20, 0, 0, 0])]))).header, undefined);
  });

  for (const line of [
    'EHLO mx.example\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 51234\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 51234 99999\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n',
    `PROXY ${'A'.repeat(200)}\r\n`,
  ]) {
    test(`is refused when it is ${JSON.stringify(line.slice(0, 60))}`, async () => {
      await assert.rejects(parse(Buffer.from(line)), NetError);
    });
  }

  test('of any octets is read or refused, never anything else', async () => {
    const start = fc.constantFrom(Buffer.alloc(0), Buffer.from('PROXY TCP4 '), Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x21])]), SIGNATURE);
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
        await parse(Buffer.concat([head, tail])).catch((error: unknown) => {
          assert.ok(error instanceof NetError);
        });
      }),
    );
  });
});

async function parse(bytes: Buffer): Promise<{ header: ProxiedAddresses | undefined; rest: string }> {
  const nothing = (): void => undefined;
  const reader = new BufferedReader({ pause: nothing, resume: nothing, watchDeadline: nothing }, { timeoutMs: 0, unitTimeoutMs: 0 });
  reader.arrive(bytes);
  reader.end(new NetError('closed'));
  return { header: await readProxyHeader(reader), rest: reader.takeAll().toString() };
}
