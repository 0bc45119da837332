/** Thousands of connections from one address: with a limit they are turned away politely, without one they are served; in both cases others notice nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startServer } from '../support/server.ts';
import { logged, residentBytes, unnoticed } from './watch.ts';
import { greeted, Wire } from './wire.ts';

const CROWD = 2200;
const DOORS = ['smtp', 'submission', 'imap', 'pop3'] as const;
const ALLOWED = 50;

describe('a crowd from one address', { timeout: 80_000 }, () => {
  it('without a limit, 2,200 connections are greeted and held, and the memory is given back', async () => {
    await using server = await startServer({ accounts: ['healthy'] });
    let wires: Wire[] = [];
    await unnoticed(server, { growthMebibytes: 250 }, async () => {
      for (let count = 0; count < CROWD; count += 100) {
        const more = Array.from({ length: 100 }, (_, index) => DOORS[index % DOORS.length] ?? 'smtp');
        wires.push(...(await Promise.all(more.map(async (door) => greeted(await Wire.open(server, door), door)))));
      }
      assert.equal(wires.filter(({ isClosed }) => !isClosed).length, CROWD);
      // All at once go away without a word.
      for (const wire of wires) wire.close();
    });
    wires = [];
    const after = residentBytes(server);
    await unnoticed(server, { growthMebibytes: 100 }, async () => {
      for (let count = 0; count < CROWD; count += 100) {
        const again = await Promise.all(Array.from({ length: 100 }, async () => greeted(await Wire.open(server, 'imap'), 'imap')));
        for (const wire of again) wire.close();
      }
    });
    assert.ok(residentBytes(server) - after < 100 * 2 ** 20, 'the second crowd costs nothing that the first had not cost');
  });

  it('with a limit, one address gets its share at all doors together, and others get theirs', async () => {
    await using server = await startServer({
      accounts: ['ala', 'healthy'],
      limits: `connections_per_address = ${ALLOWED}\nconnections_per_minute = 0`,
      proxyFrom: ['127.0.0.1'],
    });
    const from = (address: string): { readonly prefix: string } => ({ prefix: `PROXY TCP4 ${address} 192.0.2.1 40000 25\r\n` });
    const wires: Wire[] = [];
    let refused = 0;
    for (let count = 0; count < CROWD; count += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const door = DOORS[index % DOORS.length] ?? 'smtp';
          const wire = await Wire.open(server, door, from('203.0.113.7'));
          const said = await wire.take(/\r\n/);
          if (/^(?:421 4\.7\.0|\* BYE|-ERR \[SYS\/TEMP\]) /.test(said)) {
            refused++;
            assert.equal(await wire.closed(), '');
          } else {
            assert.match(said, /^(?:220 |\* OK |\+OK )/);
            wires.push(wire);
          }
        }),
      );
    }
    // Connections that arrive on two threads in the same instant are both counted before either is judged: never more than the limit, perhaps one fewer.
    assert.ok(wires.length <= ALLOWED && wires.length >= ALLOWED - 10, `${wires.length} were served`);
    assert.equal(refused, CROWD - wires.length);
    await logged(server, { event: 'net.refused', remote: '203.0.113.7', cause: 'too-many-from-address' });

    using other = await Wire.open(server, 'imap', from('198.51.100.9'));
    assert.match(await other.take(/\r\n/), /^\* OK /);
    for (const wire of wires) wire.close();
    await logged(server, { event: 'net.disconnected', remote: '203.0.113.7' });
    const isServed = async (): Promise<boolean> => {
      using wire = await Wire.open(server, 'pop3', from('203.0.113.7'));
      return (await wire.take(/\r\n/)).startsWith('+OK');
    };
    for (let tries = 0; !(await isServed()); tries++) assert.ok(tries < 100, 'places that were given up can be taken again');
  });

  it('new connections of one address in a minute are limited too', async () => {
    await using server = await startServer({ limits: 'connections_per_minute = 30', proxyFrom: ['127.0.0.1'] });
    const greetings: string[] = [];
    for (let count = 0; count < 60; count++) {
      using wire = await Wire.open(server, 'smtp', { prefix: 'PROXY TCP4 203.0.113.8 192.0.2.1 40000 25\r\n' });
      greetings.push((await wire.take(/\r\n/)).slice(0, 3));
    }
    const served = greetings.filter((code) => code === '220').length;
    assert.ok(served >= 30 && served <= 45, `${served} of 60 were served`);
    await logged(server, { event: 'net.refused', cause: 'too-fast' });
  });

  it('what is no PROXY header from a proxy ends the connection', async () => {
    await using server = await startServer({ proxyFrom: ['127.0.0.1'] });
    for (const prefix of ['EHLO x\r\n', 'PROXY TCP4 1 2 3 4\r\n', `PROXY ${'x'.repeat(5000)}\r\n`, '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff']) {
      using wire = await Wire.open(server, 'smtp', { prefix });
      wire.end();
      assert.equal(await wire.closed(), '');
    }
  });
});
