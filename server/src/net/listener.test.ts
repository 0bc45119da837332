import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LineClient, serveDoor } from '../../test/support/net.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, NetError } from './connection.ts';
import { type Door, openListener, probePort } from './listener.ts';
import { RateLimiter, SharedCounts } from './rate-limit.ts';
import { systemClock } from '#core/clock.ts';
import { MemoryLog } from '../../test/support/log.ts';

suite('a listener', () => {
  test('runs the door on each client and closes when it returns', async () => {
    await using served = await serveDoor(echo);
    using client = await LineClient.plain(served.port);
    client.send('one\r\ntwo\r\nQUIT\r\n');
    assert.equal(await client.rest(), 'one\r\ntwo\r\nbye\r\n');
  });

  test('answers a client that has already closed its sending side', async () => {
    await using served = await serveDoor(echo);
    using client = await LineClient.plain(served.port);
    client.send('one\r\n');
    client.end();
    assert.equal(await client.rest(), 'one\r\n');
  });

  test('speaks implicit TLS and tells the facts', async () => {
    await using served = await serveDoor(
      async (connection) => {
        const { version, cipher, serverName } = connection.tls ?? {};
        connection.writer.write(`${version} ${cipher} ${serverName} ${connection.tls?.channelBinding('tls-exporter')?.length}\r\n`);
        await echo(connection);
      },
      { implicitTls: true },
    );
    using client = await LineClient.tls(served.port);
    assert.match(await client.line(), /^TLSv1\.3 TLS_\S+ localhost 32$/);
    client.send('x\r\nQUIT\r\n');
    assert.equal(await client.rest(), 'x\r\nbye\r\n');
  });

  test('turns a plain line into TLS', async () => {
    await using served = await serveDoor(startTlsDoor);
    using client = await LineClient.plain(served.port);
    client.send('STARTTLS\r\n');
    assert.equal(await client.line(), 'go ahead');
    await client.startTls();
    client.send('x\r\n');
    assert.equal(await client.line(), 'x');
  });

  test('never runs commands that were sent behind STARTTLS', async () => {
    await using served = await serveDoor(startTlsDoor);
    using client = await LineClient.plain(served.port);
    client.send('STARTTLS\r\nINJECTED\r\n');
    assert.equal(await client.rest(), '');
    assert.equal(served.log.lines.filter((line) => line.event === 'net.tls.failed').length, 1);
  });

  test('serves 2,000 clients at once and forgets them all', { timeout: 60_000 }, async () => {
    const counts = new SharedCounts();
    await using served = await serveDoor(echo, { counts });
    const clients = await Promise.all(Array.from({ length: 2000 }, () => LineClient.plain(served.port)));
    for (const [index, client] of clients.entries()) client.send(`${index}\r\n`);
    assert.deepEqual(
      await Promise.all(clients.map((client) => client.line())),
      clients.map((_, index) => String(index)),
    );
    assert.deepEqual([served.listener.connectionCount, counts.total], [2000, 2000]);
    for (const client of clients) client[Symbol.dispose]();
    await until(() => served.listener.connectionCount === 0);
    assert.equal(counts.total, 0);
  });

  test('holds little for clients that send and never read', { timeout: 60_000 }, async () => {
    await using served = await serveDoor(echo);
    const clients = await Promise.all(Array.from({ length: 50 }, () => LineClient.plain(served.port)));
    const before = process.memoryUsage();
    for (const client of clients) {
      client.socket.pause();
      // More than kernel buffers hold; what the server does not take stays here.
      for (let sent = 0; sent < 300; sent++) client.send(`${'x'.repeat(998)}\r\n`.repeat(64));
    }
    let last = -1;
    await until(() => {
      const pending = clients.reduce((sum, client) => sum + client.socket.writableLength, 0);
      const isStill = pending === last;
      last = pending;
      return isStill;
    });
    assert.ok(last > 0, 'the server took everything');
    const after = process.memoryUsage();
    const held = after.arrayBuffers - before.arrayBuffers - last;
    assert.ok(held < 50 * 1024 * 1024, `${held} octets held for 50 clients`);
    for (const client of clients) client[Symbol.dispose]();
  });

  test('ends a client that says nothing, and one that never finishes its line', async () => {
    await using served = await serveDoor(echo, { timeouts: { readMs: 200, unitMs: 300 } });
    using silent = await LineClient.plain(served.port);
    using slow = await LineClient.plain(served.port);
    const drip = setInterval(() => {
      slow.send('x');
    }, 50);
    assert.deepEqual(await Promise.all([silent.rest(), slow.rest()]), ['', '']);
    clearInterval(drip);
  });

  test('ends a client that never begins its handshake', async () => {
    await using served = await serveDoor(echo, { implicitTls: true, timeouts: { handshakeMs: 200 } });
    using client = await LineClient.plain(served.port);
    assert.equal(await client.rest(), '');
    await until(() => served.listener.connectionCount === 0);
  });

  test('ends a client that takes nothing of a long answer', async () => {
    let ending: unknown;
    const long: Door = async ({ writer }) => {
      try {
        for (;;) {
          writer.write(Buffer.alloc(64 * 1024));
          await writer.flush();
        }
      } catch (error) {
        ending = error;
        throw error;
      }
    };
    await using served = await serveDoor(long, { timeouts: { writeMs: 200 } });
    const client = connect({ port: served.port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    client.pause();
    await until(() => served.listener.connectionCount === 1);
    await until(() => served.listener.connectionCount === 0);
    assert.ok(ending instanceof NetError && ending.code === 'timeout', String(ending));
    client.destroy();
  });

  test('survives what is no handshake', async () => {
    await using served = await serveDoor(echo, { implicitTls: true });
    using client = await LineClient.plain(served.port);
    client.send('EHLO mx.example\r\n');
    await client.rest();
    using good = await LineClient.tls(served.port);
    good.send('x\r\n');
    assert.equal(await good.line(), 'x');
  });

  test('turns away politely what is over a limit', async () => {
    const refuse = (cause: string): string => `421 ${cause}\r\n`;
    await using served = await serveDoor(echo, { refuse, limits: { connections: 1 } });
    using first = await LineClient.plain(served.port);
    first.send('x\r\n');
    await first.line();
    using second = await LineClient.plain(served.port);
    assert.equal(await second.rest(), '421 too-many-connections\r\n');
    first.send('QUIT\r\n');
    await first.rest();
    await until(() => served.listener.connectionCount === 0);
    using third = await LineClient.plain(served.port);
    third.send('x\r\n');
    assert.equal(await third.line(), 'x');
  });

  test('counts by the address that a listed balancer names, and requires its header', async () => {
    const acceptRate = new RateLimiter({ burst: 1, intervalMs: 60_000 }, systemClock);
    const options = { refuse: (cause: string): string => `421 ${cause}\r\n`, proxyFrom: ['127.0.0.0/8'], limits: { connectionsPerAddress: 1 } };
    await using served = await serveDoor(greet, { ...options, acceptRate });
    using first = await LineClient.plain(served.port);
    first.send('PROXY TCP4 192.0.2.7 198.51.100.1 51234 25\r\nhello\r\n');
    assert.equal(await first.line(), '192.0.2.7 51234 198.51.100.1');
    using second = await LineClient.plain(served.port);
    second.send('PROXY TCP4 192.0.2.7 198.51.100.1 51235 25\r\n');
    assert.equal(await second.rest(), '421 too-many-from-address\r\n');
    first.end();
    await first.rest();
    await until(() => served.listener.connectionCount === 0);
    using third = await LineClient.plain(served.port);
    third.send('PROXY TCP4 192.0.2.7 198.51.100.1 51236 25\r\n');
    assert.equal(await third.rest(), '421 too-fast\r\n');
    using none = await LineClient.plain(served.port);
    none.send('hello\r\n');
    assert.equal(await none.rest(), '');
  });

  test('reads a PROXY header in front of implicit TLS', async () => {
    await using served = await serveDoor(greet, { proxyFrom: ['127.0.0.1'], implicitTls: true });
    const socket = connect(served.port, '127.0.0.1');
    socket.write('PROXY TCP4 192.0.2.7 198.51.100.1 51234 25\r\n');
    using client = new LineClient(socket);
    await client.startTls();
    assert.equal(await client.line(), '192.0.2.7 51234 198.51.100.1');
  });

  test('ignores a PROXY header from anybody else', async () => {
    await using served = await serveDoor(echo, { proxyFrom: ['192.0.2.0/24'] });
    using client = await LineClient.plain(served.port);
    client.send('PROXY TCP4 192.0.2.7 198.51.100.1 51234 25\r\n');
    assert.match(await client.line(), /^PROXY/);
  });

  test('tells sessions when it stops, and ends those that do not listen', async () => {
    const served = await serveDoor(async (connection) => {
      using _ = connection.onClosing(() => {
        connection.writer.write('* BYE\r\n');
      });
      await echo(connection);
    });
    using client = await LineClient.plain(served.port);
    client.send('x\r\n');
    await client.line();
    await served.listener.close(300);
    assert.equal(await client.rest(), '* BYE\r\n');
    await assert.rejects(LineClient.plain(served.port), { code: 'ECONNREFUSED' });
  });

  test('logs a bug in a door and ends only that connection', async () => {
    await using served = await serveDoor(async (connection) => {
      if ((await connection.reader.readLine(100)).toString() === 'bug') throw new TypeError('a bug');
      connection.writer.write('fine\r\n');
    });
    using broken = await LineClient.plain(served.port);
    using good = await LineClient.plain(served.port);
    broken.send('bug\r\n');
    assert.equal(await broken.rest(), '');
    good.send('x\r\n');
    assert.equal(await good.line(), 'fine');
    assert.deepEqual(
      served.log.lines.filter((line) => line.level === 'error').map((line) => line.event),
      ['server.bug'],
    );
  });

  test('opens a local socket, in the place of one left behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capri-net-'));
    const path = join(directory, 'lmtp.sock');
    for (let round = 0; round < 2; round++) {
      await using _ = await serveDoor(greet, { name: 'lmtp', path });
      using client = new LineClient(connect(path));
      assert.equal(await client.line(), 'local 0 local');
    }
    await rm(directory, { recursive: true });
  });

  test('takes the place of no other file and of no socket that is in use', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capri-net-'));
    const path = join(directory, 'lmtp.sock');
    await writeFile(path, 'precious');
    await assert.rejects(serveDoor(greet, { name: 'lmtp', path }), {
      message: `listener "lmtp": ${path} exists and is no socket; move it away, or set another path under [lmtp]`,
    });
    assert.equal(await readFile(path, 'utf8'), 'precious');
    await rm(path);
    {
      await using _ = await serveDoor(greet, { name: 'lmtp', path });
      await assert.rejects(serveDoor(greet, { name: 'lmtp', path }), {
        message: `listener "lmtp": another program listens on ${path}; stop that program, or set another path under [lmtp]`,
      });
      using client = new LineClient(connect(path));
      assert.equal(await client.line(), 'local 0 local');
    }
    await assert.rejects(serveDoor(greet, { name: 'lmtp', path: join(directory, 'none/lmtp.sock') }), /its directory must exist/);
    await rm(directory, { recursive: true });
  });

  test('says clearly that a port is in use, although listeners share theirs', async () => {
    await using served = await serveDoor(echo, { isShared: true });
    await using again = await openListener({
      name: 'smtp',
      address: '127.0.0.1',
      port: served.port,
      implicitTls: false,
      isShared: true,
      door: echo,
      log: new MemoryLog(),
    });
    assert.equal(again.port, served.port);
    await assert.rejects(
      probePort('smtp', '127.0.0.1', served.port),
      /^Error: listener "smtp": 127\.0\.0\.1 port \d+ is in use by another program; stop that program, or set another port/,
    );
  });
});

async function greet(connection: Connection): Promise<void> {
  connection.writer.write(`${connection.remote.address} ${connection.remote.port} ${connection.local.address}\r\n`);
  await connection.reader.readLine(100);
  await connection.reader.readLine(100);
}

/** Waits for something to become true, looking again and again. */
async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; look < 200; look++) {
    if (isSo()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  assert.fail('it did not come true in 10 s');
}

async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const line = (await connection.reader.readLine(1000)).toString('latin1');
    if (line === 'QUIT') break;
    connection.writer.write(`${line}\r\n`);
    await connection.writer.flush();
  }
  connection.writer.write('bye\r\n');
}

async function startTlsDoor(connection: Connection): Promise<void> {
  const line = (await connection.reader.readLine(1000)).toString('latin1');
  if (line !== 'STARTTLS') throw new NetError('closed');
  connection.writer.write('go ahead\r\n');
  await connection.startTls();
  await echo(connection);
}
