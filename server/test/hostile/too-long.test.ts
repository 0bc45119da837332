/** Lines and literals that are too long or have no end, NULs, wrong states, text that is none: at every door, before and after sign-in. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/server.ts';
import { logged, unnoticed } from './watch.ts';
import { type DoorName, DOORS, greeted, signedIn, Wire } from './wire.ts';

const MEBIBYTE = 2 ** 20;

describe('what is too long or no command', { timeout: 80_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ accounts: ['ala', 'healthy'], lmtp: true });
  });
  after(() => server[Symbol.asyncDispose]());

  /** One error of a door, whatever its text. */
  const error = (door: DoorName): RegExp =>
    door.startsWith('imap') ? /^(?:\*|\S+) BAD .*\r\n/ : door.startsWith('pop3') ? /^-ERR .*\r\n/ : /^5\d\d[ -].*\r\n/;
  /** A harmless command and the end of its answer. */
  const noop = (door: DoorName): readonly [string, RegExp] =>
    door.startsWith('imap') ? ['n NOOP\r\n', /^n OK .*\r\n/] : door.startsWith('pop3') ? ['CAPA\r\n', /^\+OK[^]*?\r\n\.\r\n/] : ['NOOP\r\n', /^250 .*\r\n/];
  const assertAlive = async (wire: Wire, door: DoorName): Promise<void> => {
    const [command, answer] = noop(door);
    wire.send(command);
    assert.match(await wire.take(answer), answer, 'exactly one error, and then the answer to the next command');
  };

  for (const door of DOORS) {
    it(`${door}: a line of 200 kB gets one error, and the next command its answer`, async () => {
      await unnoticed(server, { growthMebibytes: 60 }, async () => {
        using wire = await greeted(await Wire.open(server, door), door);
        wire.send(`NOOP ${'x'.repeat(200_000)}\r\n`);
        assert.match(await wire.take(/\r\n/), error(door));
        await assertAlive(wire, door);
      });
    });

    it(`${door}: a line without an end gets one error and the end of the conversation`, async () => {
      await unnoticed(server, { growthMebibytes: 80 }, async () => {
        using wire = await greeted(await Wire.open(server, door), door);
        await wire.flood('x'.repeat(64 * 1024), 40);
        assert.match(await wire.closed(), new RegExp(`${error(door).source}$`));
      });
      await logged(server, { event: 'net.disconnected', listener: door });
    });

    it(`${door}: NUL, broken UTF-8, nothing and spaces get an error each and harm nothing`, async () => {
      using wire = await greeted(await Wire.open(server, door), door);
      for (const line of ['\0', 'a\0 NOOP', 'NO\0OP', '\xc3\x28 \xff\xfe', '', '   ', 'a \x01\x02']) {
        wire.send(`${line}\r\n`);
        assert.match(await wire.take(/\r\n/), error(door), JSON.stringify(line));
      }
      await assertAlive(wire, door);
    });

    it(`${door}: unknown commands get an error each, then the conversation ends`, async () => {
      await unnoticed(server, { growthMebibytes: 60 }, async () => {
        using wire = await greeted(await Wire.open(server, door), door);
        for (let count = 0; count < 1200; count++) wire.send(`x${count} WHATEVER\r\n`);
        const answers = (await wire.closed()).split('\r\n').slice(0, -1);
        const limit = door === 'lmtp' ? 1001 : 22;
        assert.ok(answers.length <= limit, `${answers.length} answers`);
        assert.match(answers.at(-1) ?? '', /^(?:421 |\* BYE |-ERR )/);
        for (const answer of answers.slice(0, -1)) assert.match(`${answer}\r\n`, error(door));
      });
    });
  }

  it('smtp, submission, lmtp: commands in the wrong state are refused and change nothing', async () => {
    for (const door of ['smtp', 'lmtp'] as const) {
      using wire = await greeted(await Wire.open(server, door), door);
      for (const command of ['DATA', 'RCPT TO:<ala@capri.test>', 'BDAT 5 LAST\r\nhello', 'AUTH PLAIN AAAA']) {
        wire.send(`${command}\r\n`);
        assert.match(await wire.take(/\r\n/), /^50[23] /, command);
        if (command.startsWith('BDAT')) await wire.take(/^500 .*\r\n/);
      }
      await assertAlive(wire, door);
    }
  });

  it('imap, pop3: commands in the wrong state are refused', async () => {
    using imap = await greeted(await Wire.open(server, 'imaps'), 'imaps');
    for (const command of ['SELECT INBOX', 'FETCH 1 FLAGS', 'IDLE', 'EXPUNGE', 'APPEND INBOX {3+}\r\nabc', 'UID STORE 1 FLAGS ()']) {
      imap.send(`w ${command}\r\n`);
      assert.match(await imap.take(/\r\n/), /^w BAD /, command);
    }
    await assertAlive(imap, 'imaps');
    using pop3 = await greeted(await Wire.open(server, 'pop3s'), 'pop3s');
    for (const command of ['LIST', 'RETR 1', 'DELE 1', 'PASS x', 'UIDL']) {
      pop3.send(`${command}\r\n`);
      assert.match(await pop3.take(/\r\n/), /^-ERR /, command);
    }
    await assertAlive(pop3, 'pop3s');
  });

  it('imap: before sign-in a literal has 4 KiB at most, and one that was not asked for ends the conversation', async () => {
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      using asking = await greeted(await Wire.open(server, 'imaps'), 'imaps');
      asking.send('a LOGIN {5000}\r\n');
      assert.match(await asking.take(/\r\n/), /^a BAD \[TOOBIG\] /);
      await assertAlive(asking, 'imaps');
      using sending = await greeted(await Wire.open(server, 'imaps'), 'imaps');
      sending.send('a LOGIN {5000+}\r\n');
      assert.match(await sending.closed(), /^\* BYE \[TOOBIG\] .*\r\n$/);
      using huge = await greeted(await Wire.open(server, 'imaps'), 'imaps');
      huge.send('a LOGIN {99999999999999999999+}\r\n');
      assert.match(await huge.closed(), /^\* BYE \[TOOBIG\] .*\r\n$/);
    });
  });

  it('imap: after sign-in large literals of commands are refused, an APPEND over the limit too, and no memory is held for them', async () => {
    await unnoticed(server, { growthMebibytes: 80 }, async () => {
      using wire = await signedIn(server, 'imaps', 'ala');
      for (const command of ['SELECT {300000}', 'APPEND INBOX {60000000}', 'SUBSCRIBE {4294967295}']) {
        wire.send(`a ${command}\r\n`);
        assert.match(await wire.take(/\r\n/), /^a (?:BAD|NO) \[TOOBIG\] /, command);
      }
      // The octets of a literal that was not asked for come in any case: they are dropped, and the conversation goes on.
      wire.send(`b APPEND INBOX {${60 * MEBIBYTE}+}\r\n`);
      await wire.flood(Buffer.alloc(MEBIBYTE, 0x78), 60);
      wire.send('\r\n');
      assert.match(await wire.take(/\r\n/), /^b NO \[TOOBIG\] /);
      await assertAlive(wire, 'imaps');
      wire.send(`c SELECT {${2 * MEBIBYTE}+}\r\n`);
      assert.match(await wire.closed(), /^\* BYE \[TOOBIG\] .*\r\n$/);
    });
  });

  it('smtp: a message over the limit is refused at MAIL, and one that hides its size at its end', async () => {
    await unnoticed(server, { growthMebibytes: 100 }, async () => {
      using announced = await greeted(await Wire.open(server, 'smtp'), 'smtp');
      announced.send('MAIL FROM:<x@outside.example> SIZE=99999999\r\n');
      assert.match(await announced.take(/\r\n/), /^552 5\.3\.4 /);
      announced.send('MAIL FROM:<x@outside.example>\r\nRCPT TO:<ala@capri.test>\r\nDATA\r\n');
      await announced.take(/^354 .*\r\n/m);
      await announced.flood(`${'x'.repeat(998)}\r\n`.repeat(1000), 55);
      announced.send('.\r\n');
      assert.match(await announced.take(/\r\n/), /^552 5\.3\.4 /);
      await assertAlive(announced, 'smtp');
    });
    await logged(server, { event: 'smtp.refused', code: 552 });
  });

  it('AUTH that is not base64 is a refused sign-in, and after some the conversation ends', async () => {
    await unnoticed(server, { growthMebibytes: 60 }, async () => {
      const attempts = [
        { door: 'submissions', command: 'AUTH PLAIN !!!', refused: /^535 .*\r\n/, last: /^421 .*\r\n/ },
        { door: 'imaps', command: 'a AUTHENTICATE PLAIN !!!', refused: /^a (?:NO|BAD) .*\r\n/, last: /^\* BYE .*\r\n/ },
        { door: 'pop3s', command: 'AUTH PLAIN !!!', refused: /^-ERR .*\r\n/, last: /^-ERR .*\r\n/ },
      ] as const;
      await Promise.all(
        attempts.map(async ({ door, command, refused, last }) => {
          using wire = await greeted(await Wire.open(server, door), door);
          wire.send(`${command}\r\n`);
          assert.match(await wire.take(/\r\n/), refused, door);
          await assertAlive(wire, door);
          for (let count = 0; count < 15; count++) wire.send(`${command}\r\n`);
          assert.match((await wire.closed()).split('\r\n').at(-2) ?? '', new RegExp(last.source.replace('\\r\\n', '$')), door);
        }),
      );
    });
    await logged(server, { event: 'smtp.refused', command: 'AUTH', code: 535 });
    await logged(server, { event: 'imap.refused', reason: 'Too many bad commands' });
    await logged(server, { event: 'pop3.refused', reason: 'Too many bad commands' });
  });
});
