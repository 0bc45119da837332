/** Clients that are silent, that send an octet at a time, and that never read what they asked for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { logged, unnoticed } from './watch.ts';
import { type DoorName, DOORS, greeted, signedIn, Wire } from './wire.ts';

const SIGN_IN_MS = 2000;
const SMTP_MS = 3000;
const IDLE_MS = 4000;
/** The wheel of deadlines turns ten times a second; the rest is for a busy machine. */
const SLACK_MS = 3500;
const MESSAGES = 30;
const MEBIBYTE = 2 ** 20;

describe('slow clients', { timeout: 80_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({
      accounts: ['ala', 'healthy'],
      lmtp: true,
      limits: `sign_in_time = "${SIGN_IN_MS}ms"`,
      config: `[smtp]\ntimeout = "${SMTP_MS}ms"\n[imap]\nidle_time = "${IDLE_MS}ms"\n[pop3]\nidle_time = "${IDLE_MS}ms"\n`,
    });
    const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
    const text = `Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(4 * 1024)}`;
    for (let count = 0; count < MESSAGES; count++) assert.ok((await imap.command('APPEND INBOX', text)).isOk);
    imap.close();
  });
  after(() => server[Symbol.asyncDispose]());

  const farewell = (door: DoorName): RegExp => (door.startsWith('imap') ? /^\* BYE .*\r\n$/ : door.startsWith('pop3') ? /^-ERR .*\r\n$/ : /^421 .*\r\n$/);
  const timeLimit = (door: DoorName): number => (door === 'smtp' || door === 'lmtp' ? SMTP_MS : SIGN_IN_MS);

  it('half a command and then silence: told and sent away in time, at every door', async () => {
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      await Promise.all(
        DOORS.map(async (door) => {
          using wire = await greeted(await Wire.open(server, door), door);
          wire.send('NO');
          const beganMs = performance.now();
          assert.match(await wire.closed(timeLimit(door) + SLACK_MS), farewell(door), door);
          assert.ok(performance.now() - beganMs > timeLimit(door) / 2, `${door}: too soon`);
          await logged(server, { event: 'net.disconnected', listener: door });
        }),
      );
    });
  });

  it('an octet now and then does not make a sign-in last longer', async () => {
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      await Promise.all(
        (['submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s'] as const).map(async (door) => {
          using wire = await greeted(await Wire.open(server, door), door);
          const beganMs = performance.now();
          while (!wire.isClosed && performance.now() - beganMs < SIGN_IN_MS + SLACK_MS) {
            wire.send('x');
            await sleep(200);
          }
          assert.match(await wire.closed(1000), farewell(door), door);
        }),
      );
    });
  });

  it('commands that do nothing do not make a sign-in last longer', async () => {
    await Promise.all(
      (['submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s'] as const).map(async (door) => {
        using wire = await greeted(await Wire.open(server, door), door);
        const beganMs = performance.now();
        for (let count = 0; !wire.isClosed && performance.now() - beganMs < SIGN_IN_MS + SLACK_MS; count++) {
          wire.send(door.startsWith('imap') ? `n${count} NOOP\r\n` : door.startsWith('pop3') ? 'CAPA\r\n' : 'NOOP\r\n');
          await sleep(200);
        }
        const text = await wire.closed(1000);
        assert.match(text.slice(text.lastIndexOf('\r\n', text.length - 3) + 2), farewell(door), door);
      }),
    );
  });

  it('a message of an octet at a time is accepted while it keeps coming, and refused when it stops', async () => {
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      using wire = await greeted(await Wire.open(server, 'smtp'), 'smtp');
      for (const octet of 'MAIL FROM:<x@outside.example>\r\nRCPT TO:<healthy@capri.test>\r\nDATA\r\n') {
        wire.send(octet);
        await sleep(2);
      }
      await wire.take(/^354 .*\r\n/m);
      for (const octet of 'Subject: drops\r\n\r\nslow\r\n.\r\n') {
        wire.send(octet);
        await sleep(20);
      }
      assert.match(await wire.take(/\r\n/), /^250 2\.0\.0 /);
      wire.send('MAIL FROM:<x@outside.example>\r\nRCPT TO:<healthy@capri.test>\r\nDATA\r\n');
      await wire.take(/^354 .*\r\n/m);
      wire.send('Subject: half');
      assert.match(await wire.closed(SMTP_MS + SLACK_MS), farewell('smtp'));
    });
  });

  it('signed-in sessions without a word end after their time', async () => {
    await Promise.all(
      (['imaps', 'pop3s'] as const).map(async (door) => {
        using wire = await signedIn(server, door, 'ala');
        assert.match(await wire.closed(IDLE_MS + SLACK_MS), farewell(door), door);
      }),
    );
  });

  it('a client that asks for everything and reads nothing holds little memory', async () => {
    await unnoticed(server, { growthMebibytes: 160 }, async () => {
      const clients = await Promise.all([
        ...Array.from({ length: 8 }, () => signedIn(server, 'imaps', 'ala')),
        ...Array.from({ length: 8 }, () => signedIn(server, 'pop3s', 'ala')),
      ]);
      for (const [index, wire] of clients.entries()) {
        wire.stopReading();
        if (index < 8) wire.send(`a SELECT INBOX\r\n${'b FETCH 1:* BODY.PEEK[]\r\n'.repeat(20)}`);
        else wire.send(Array.from({ length: 20 }, () => Array.from({ length: MESSAGES }, (_, number) => `RETR ${number + 1}\r\n`).join('')).join(''));
      }
      // 16 clients have asked for 20 times 120 MB.
      await sleep(3000);
      for (const wire of clients) wire.close();
    });
  });

  it('a client that asks and never reads small answers holds little memory', async () => {
    await unnoticed(server, { growthMebibytes: 160 }, async () => {
      using imap = await signedIn(server, 'imaps', 'ala');
      imap.send('a SELECT INBOX\r\n');
      imap.stopReading();
      using smtp = await greeted(await Wire.open(server, 'smtp'), 'smtp');
      smtp.stopReading();
      const floods = [
        imap.flood('b LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN SIZE))\r\nc FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n'.repeat(1000), 200),
        smtp.flood('HELP\r\n'.repeat(10_000), 200),
      ];
      await sleep(2000);
      imap.close();
      smtp.close();
      await Promise.all(floods);
    });
  });

  it('a literal that stops half-way frees what it holds', async () => {
    await unnoticed(server, { growthMebibytes: 250 }, async () => {
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          using wire = await signedIn(server, 'imaps', 'ala');
          wire.send(`a APPEND INBOX {${40 * MEBIBYTE}+}\r\n`);
          wire.send(Buffer.alloc(MEBIBYTE, 0x78));
          assert.match(await wire.closed(IDLE_MS + SLACK_MS), farewell('imaps'));
        }),
      );
    });
  });
});
