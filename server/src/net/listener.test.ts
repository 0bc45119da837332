import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LineClient, serveDoor } from '../../test/support/net.ts';
import { type Connection, NetError } from './connection.ts';

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
});

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
