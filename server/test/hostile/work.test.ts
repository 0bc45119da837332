/** Requests that ask for far more work than they look: each gets one answer in bounded time, while others get theirs at once. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { unnoticed } from './watch.ts';
import { greeted, signedIn, Wire } from './wire.ts';

const MESSAGES = 300;

describe('requests that ask for much work', { timeout: 80_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ accounts: ['ala', 'healthy'] });
    const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
    for (let count = 0; count < MESSAGES; count++) {
      assert.ok((await smtp.deliver('x@outside.example', ['ala@capri.test'], `Subject: ${count}\r\n\r\n${'aaaaaaaaaaaaaaaa '.repeat(400)}`)).isOk);
    }
    smtp.close();
  });
  after(() => server[Symbol.asyncDispose]());

  const answers = async (commands: readonly string[], withinMs: number = 20_000): Promise<readonly string[]> => {
    using wire = await signedIn(server, 'imaps', 'ala');
    wire.send('s SELECT INBOX\r\n');
    await wire.take(/^s OK .*\r\n/m);
    const found: string[] = [];
    for (const [index, command] of commands.entries()) {
      wire.send(`q${index} ${command}\r\n`);
      const said = await wire.take(new RegExp(`^(?:q${index} |\\* B).*\\r\\n`, 'm'), withinMs);
      found.push(said.split('\r\n').at(-2) ?? '');
    }
    return found;
  };

  it('SEARCH nested a thousand deep, and wider than any person would ask', async () => {
    await unnoticed(server, { growthMebibytes: 120 }, async () => {
      const results = await answers([
        `SEARCH ${'('.repeat(1000)}ALL${')'.repeat(1000)}`,
        `SEARCH ${'NOT '.repeat(10_000)}ALL`,
        `SEARCH ${'OR SEEN '.repeat(5000)}ALL`,
        `SEARCH ${'('.repeat(60_000)}`,
        `SEARCH ${'NOT TEXT aaaaaaaaaaaaaaab '.repeat(1000)}`,
        'NOOP',
      ]);
      for (const result of results) assert.match(result, /^q\d (?:OK|NO|BAD) /);
      assert.match(results.at(-1) ?? '', /^q5 OK /);
    });
  });

  it('a needle that a search by backtracking would take for ever', async () => {
    await unnoticed(server, { growthMebibytes: 120 }, async () => {
      const [result] = await answers([`SEARCH TEXT ${'a'.repeat(5000)}b`, `SEARCH SUBJECT "${'%'.repeat(2000)}"`, `LIST "" ${'*%'.repeat(500)}x`]);
      assert.match(result ?? '', /^q0 OK /);
    });
  });

  it('sequence sets of thousands of ranges, reversed, overlapping, out of range', async () => {
    await unnoticed(server, { growthMebibytes: 120 }, async () => {
      const odd = Array.from({ length: 12_000 }, (_, index) => index * 2 + 1).join(',');
      const same = Array.from({ length: 12_000 }, () => '1:*').join(',');
      const results = await answers([
        `UID FETCH ${odd} FLAGS`,
        `UID FETCH ${same} UID`,
        `UID SEARCH UID ${same}`,
        'UID FETCH 4294967295:1 UID',
        'UID FETCH 4294967296 UID',
        'FETCH 0 UID',
        'FETCH 1:4294967295 UID',
        `UID STORE ${same} +FLAGS.SILENT (\\Seen)`,
        `UID COPY ${Array.from({ length: 12_000 }, () => '1').join(',')} INBOX`,
        'NOOP',
      ]);
      assert.deepEqual(
        results.map((result) => result.split(' ')[1]),
        ['OK', 'OK', 'OK', 'OK', 'BAD', 'BAD', results[6]?.split(' ')[1], 'OK', 'OK', 'OK'],
      );
    });
  });

  it('FETCH of the same items hundreds of times over', async () => {
    await unnoticed(server, { growthMebibytes: 160 }, async () => {
      const results = await answers([
        `FETCH 1:* (${'BODY.PEEK[] '.repeat(400)}UID)`,
        `FETCH 1 (${'BODY.PEEK[1.1.1.1.1.1] '.repeat(1000)}UID)`,
        `FETCH 1 BODY.PEEK[${'1.'.repeat(5000)}1]`,
        `FETCH 1:* BODY.PEEK[HEADER.FIELDS (${'Subject '.repeat(2000)})]`,
        'FETCH 1:* BODY.PEEK[]<4294967295.4294967295>',
        'NOOP',
      ]);
      for (const result of results) assert.match(result, /^q\d (?:OK|NO|BAD) /);
    });
  });

  it('10,000 recipients: a thousand are taken, the others told to come later', async () => {
    await unnoticed(server, { growthMebibytes: 120 }, async () => {
      using wire = await greeted(await Wire.open(server, 'smtp'), 'smtp');
      wire.send(`MAIL FROM:<x@outside.example>\r\n${'RCPT TO:<ala@capri.test>\r\n'.repeat(10_000)}`);
      const replies = (await wire.closed()).split('\r\n').slice(0, -1);
      assert.equal(replies.filter((reply) => reply.startsWith('250 2.1.5')).length, 1000);
      const others = replies.filter((reply) => !reply.startsWith('250'));
      assert.ok(others.slice(0, -1).every((reply) => reply.startsWith('452 4.5.3')));
      assert.match(others.at(-1) ?? '', /^421 4\.7\.0 /);
    });
  });

  it('10,000 recipients that do not exist end the conversation', async () => {
    await unnoticed(server, { growthMebibytes: 120 }, async () => {
      using wire = await greeted(await Wire.open(server, 'smtp'), 'smtp');
      wire.send(`MAIL FROM:<x@outside.example>\r\n${Array.from({ length: 10_000 }, (_, index) => `RCPT TO:<nobody${index}@capri.test>\r\n`).join('')}`);
      const replies = (await wire.closed()).split('\r\n').slice(0, -1);
      assert.ok(replies.length < 250, `${replies.length} replies`);
      assert.match(replies.at(-1) ?? '', /^421 4\.7\.0 /);
    });
  });

  it('a message of a hundred thousand parts, or a thousand deep, is taken and shown', async () => {
    await unnoticed(server, { growthMebibytes: 300 }, async () => {
      const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
      const wide = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(100_000)}--b--`;
      const deep = Array.from({ length: 1000 }, (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`).join('');
      const manyFields = `${'X-Field: value\r\n'.repeat(100_000)}\r\nbody`;
      for (const text of [wide, deep, manyFields]) {
        const reply = await smtp.deliver('x@outside.example', ['healthy@capri.test'], text);
        assert.match(reply.lines.join(), /^(?:250|55\d) /);
      }
      smtp.close();
      using wire = await signedIn(server, 'imaps', 'healthy');
      wire.send('a SELECT INBOX\r\nb FETCH 1:* (ENVELOPE BODYSTRUCTURE RFC822.SIZE)\r\nc SEARCH TEXT nothing\r\n');
      assert.match((await wire.take(/^c .*\r\n/m)).split('\r\n').at(-2) ?? '', /^c OK /);
    });
  });

  it('as many mailboxes and keywords as anybody cares to make', async () => {
    await unnoticed(server, { growthMebibytes: 160 }, async () => {
      const results = await answers([
        `CREATE ${'a/'.repeat(400)}b`,
        `CREATE "${'x'.repeat(5000)}"`,
        `STORE 1 +FLAGS (${Array.from({ length: 1000 }, (_, index) => `keyword${index}`).join(' ')})`,
        `STORE 1 +FLAGS (${'k'.repeat(5000)})`,
        'NOOP',
      ]);
      for (const result of results) assert.match(result, /^q\d (?:OK|NO|BAD) /);
      assert.match(results[1] ?? '', /^q1 NO /);
    });
  });
});
