/** Everything that goes wrong around TLS: no handshake, commands smuggled into one, passwords in the clear. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer, type TestServer } from '../support/server.ts';
import { events, logged, unnoticed } from './watch.ts';
import { greeted, Wire } from './wire.ts';

const IMPLICIT = ['submissions', 'imaps', 'pop3s'] as const;
/** How each door with STARTTLS begins it. */
const UPGRADES = [
  { door: 'smtp', begin: 'STARTTLS\r\n', smuggled: 'MAIL FROM:<x@outside.example>\r\n', refusal: /^554 5\.5\.1 .*\r\n$/ },
  { door: 'submission', begin: 'STARTTLS\r\n', smuggled: 'AUTH PLAIN AAAA\r\n', refusal: /^554 5\.5\.1 .*\r\n$/ },
  { door: 'imap', begin: 'a STARTTLS\r\n', smuggled: 'b LOGIN ala test-password\r\n', refusal: /^\* BYE .*\r\n$/ },
  { door: 'pop3', begin: 'STLS\r\n', smuggled: 'USER ala\r\n', refusal: /^-ERR .*\r\n$/ },
] as const;

describe('TLS under attack', { timeout: 60_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ accounts: ['ala', 'healthy'] });
  });
  after(() => server[Symbol.asyncDispose]());

  it('what is no handshake ends the connection, in silence or with an alert', async () => {
    const garbage: ReadonlyArray<string | Uint8Array> = [
      'EHLO client.example\r\n',
      'GET / HTTP/1.0\r\n\r\n',
      '\0'.repeat(100),
      randomBytes(2000),
      Buffer.from('160301ffff010000', 'hex'),
    ];
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      await Promise.all(
        IMPLICIT.flatMap((door) =>
          garbage.map(async (octets) => {
            using wire = await Wire.open(server, door, { isRaw: true });
            wire.send(octets);
            wire.end();
            const said = await wire.closed();
            assert.ok(said.length < 10, `${door} said ${JSON.stringify(said)}`);
          }),
        ),
      );
      for (const door of IMPLICIT) await logged(server, { event: 'net.tls.failed', listener: door });
    });
  });

  it('300 clients that go away within the handshake are noticed at once', async () => {
    const failures = (): number => events(server).filter(({ event, reason }) => event === 'net.tls.failed' && reason !== undefined).length;
    const before = failures();
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      for (let round = 0; round < 3; round++) {
        const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.open(server, 'imaps', { isRaw: true })));
        for (const wire of wires.slice(20)) wire.send(Buffer.from('1603010200010001fc0303', 'hex'));
        for (const [index, wire] of wires.entries()) {
          if (index % 2 === 0) wire.close();
          else wire.end();
        }
      }
      for (let tries = 0; failures() < before + 300; tries++) {
        assert.ok(tries < 100, `only ${failures() - before} are known to be gone`);
        await sleep(50);
      }
    });
  });

  it('a client that has no more to say after the handshake still gets its answers', async () => {
    using wire = await Wire.open(server, 'imaps');
    wire.send('a CAPABILITY\r\nb NOOP\r\n');
    wire.end();
    assert.match(await wire.closed(), /^b OK .*\r\n/m);
  });

  for (const { door, begin, smuggled, refusal } of UPGRADES) {
    it(`${door}: commands that come in one packet with the wish for TLS are never run`, async () => {
      using wire = await greeted(await Wire.open(server, door), door);
      wire.send(begin + smuggled);
      assert.match(await wire.closed(), refusal);
    });

    it(`${door}: octets between the go-ahead and the handshake break it, and are never run`, async () => {
      using wire = await greeted(await Wire.open(server, door), door);
      wire.send(begin);
      await wire.take(/^(?:220 |a OK |\+OK ).*\r\n/m);
      wire.send(smuggled);
      const said = await wire.closed();
      assert.ok(said.length < 10, `said ${JSON.stringify(said)}`);
      await logged(server, { event: 'net.tls.failed', listener: door });
    });

    it(`${door}: TLS begins once, and what was said before is forgotten`, async () => {
      using wire = await greeted(await Wire.open(server, door), door);
      if (door === 'smtp') {
        wire.send('MAIL FROM:<x@outside.example>\r\n');
        await wire.take(/^250 .*\r\n/m);
      }
      wire.send(begin);
      await wire.take(/^(?:220 |a OK |\+OK ).*\r\n/m);
      await wire.startTls();
      if (door === 'smtp') {
        wire.send('RCPT TO:<ala@capri.test>\r\n');
        assert.match(await wire.take(/\r\n/), /^503 /);
      }
      wire.send(begin);
      assert.match(await wire.take(/\r\n/), /^(?:503 |a BAD |-ERR )/);
    });
  }

  it('no password is asked for or taken before TLS, whether it is right or wrong', async () => {
    const plain = (password: string): string => Buffer.from(`\0ala\0${password}`).toString('base64');
    for (const password of [server.password, 'wrong']) {
      using imap = await greeted(await Wire.open(server, 'imap'), 'imap');
      imap.send(`a CAPABILITY\r\nb LOGIN ala ${password}\r\nc AUTHENTICATE PLAIN ${plain(password)}\r\nd AUTHENTICATE PLAIN\r\n`);
      const capabilities = await imap.take(/^a OK .*\r\n/m);
      assert.match(capabilities, /LOGINDISABLED/);
      assert.doesNotMatch(capabilities, /AUTH=/);
      assert.match(await imap.take(/\r\n/), /^b NO \[PRIVACYREQUIRED\] /);
      assert.match(await imap.take(/\r\n/), /^c NO \[PRIVACYREQUIRED\] /);
      assert.match(await imap.take(/\r\n/), /^d NO \[PRIVACYREQUIRED\] /);

      using pop3 = await greeted(await Wire.open(server, 'pop3'), 'pop3');
      pop3.send('CAPA\r\n');
      assert.doesNotMatch(await pop3.take(/\r\n\.\r\n/), /^(?:SASL|USER)\b/m);
      for (const command of ['USER ala', `PASS ${password}`, `AUTH PLAIN ${plain(password)}`, 'AUTH PLAIN']) {
        pop3.send(`${command}\r\n`);
        assert.match(await pop3.take(/\r\n/), /^-ERR /, command);
      }

      using submission = await Wire.open(server, 'submission');
      await submission.take(/^220 .*\r\n/m);
      submission.send('EHLO client.example\r\n');
      assert.doesNotMatch(await submission.take(/^250 .*\r\n/m), /AUTH/);
      for (const command of [`AUTH PLAIN ${plain(password)}`, 'AUTH LOGIN', 'MAIL FROM:<ala@capri.test>']) {
        submission.send(`${command}\r\n`);
        assert.match(await submission.take(/\r\n/), /^530 5\.7\.0 Must issue a STARTTLS command first/, command);
      }
    }
  });

  it('port 25 never knows AUTH, with TLS or without', async () => {
    using wire = await Wire.open(server, 'smtp');
    await wire.take(/^220 .*\r\n/m);
    for (const isSecure of [false, true]) {
      if (isSecure) {
        wire.send('STARTTLS\r\n');
        await wire.take(/^220 .*\r\n/m);
        await wire.startTls();
      }
      wire.send('EHLO client.example\r\n');
      assert.doesNotMatch(await wire.take(/^250 .*\r\n/m), /AUTH/);
      wire.send('AUTH PLAIN AAAA\r\n');
      assert.match(await wire.take(/\r\n/), /^502 /);
    }
  });

  it('TLS 1.1 and older are refused', async () => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: server.ports.imaps,
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    await assert.rejects(
      new Promise((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      }),
    );
    socket.destroy();
  });
});
