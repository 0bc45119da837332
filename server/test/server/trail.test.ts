/** The life of a message, from submission over mailboxes and clients to its end, as `capri trail` tells it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import type { ToldStory } from '#trail/tell/tell-story.ts';
import { LineClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

const ID = '<trail.1@capri.test>';

test('a message is followed from submission to its end, in both languages, with the server running and stopped; who got a blind copy stays hidden from the others', {
  timeout: 120_000,
}, async () => {
  const routes = '[[queue.routes]]\ndomain = "elsewhere.test"\nhost = "127.0.0.1"\nport = 1\n';
  await using server = await startServer({ accounts: ['ola', 'jan', 'anna'], config: routes });
  await submit(server);
  await moveAndExpunge(server);
  await deleteOverPop3(server);
  await until(async () => (await json(server))[0]?.events.some(({ event }) => event === 'deferred') === true);

  const english = await trail(server, ID, '--lang', 'en');
  assert.match(
    english,
    /^Message <trail\.1@capri\.test> \(id [A-Za-z0-9-]+\)\n {2}From: ola@capri\.test\n {2}To: jan@capri\.test, anna@capri\.test, x@elsewhere\.test\n/,
  );
  const told = english.replaceAll(/\n {10,}/g, ' ').replaceAll(/^ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d {2}/gm, '');
  for (const sentence of [
    /^Submitted by ola from \S+ \(127\.0\.0\.1\) over TLS 1\.3 \(\S+\)\. Delivered to jan's INBOX \(jan@capri\.test\)\. Delivered to anna's INBOX \(anna@capri\.test\)\.$/m,
    /^Queued for x@elsewhere\.test\.$/m,
    /^Not delivered yet to x@elsewhere\.test\. The server of the recipient does not answer\. .*We found: .*$/m,
    /^Moved from INBOX to Archive by jan over IMAP from 127\.0\.0\.1\.$/m,
    /^Copied from Archive to Old by jan over IMAP from 127\.0\.0\.1\.$/m,
    /^Marked as deleted in Archive by jan over IMAP from 127\.0\.0\.1\.$/m,
    /^Deleted from Archive by jan over IMAP from 127\.0\.0\.1\.$/m,
    /^Deleted with the whole mailbox Old \(1 messages\) by jan over IMAP from 127\.0\.0\.1\.$/m,
    /^Deleted from INBOX by anna over POP3 from 127\.0\.0\.1\.$/m,
  ])
    assert.match(told, sentence);

  const polish = (await trail(server, 'x@elsewhere.test', '--lang', 'pl')).replaceAll(/\n {10,}/g, ' ');
  for (const sentence of [
    /Wiadomość <trail\.1@capri\.test>/,
    /Wysyła ola z \S+ \(127\.0\.0\.1\) przez TLS 1\.3 \(\S+\)\. Doręczono do INBOX: jan \(jan@capri\.test\)\./,
    /Jeszcze nie dostarczono do x@elsewhere\.test\. Serwer adresata nie odpowiada\./,
    /Przeniesiono z INBOX do Archive: jan przez IMAP z 127\.0\.0\.1\./,
    /Usunięto z INBOX: anna przez POP3 z 127\.0\.0\.1\./,
  ])
    assert.match(polish, sentence);

  // What each of them may know.
  const jan = await trail(server, ID, '--as', 'jan', '--lang', 'en');
  assert.match(jan, /Moved from INBOX to Archive/);
  assert.doesNotMatch(jan, /anna|elsewhere|127\.0\.0\.1\) over TLS/);
  assert.doesNotMatch(await trail(server, ID, '--as', 'anna', '--lang', 'en'), /jan|elsewhere/);
  const sender = await trail(server, ID, '--as', 'ola', '--lang', 'en');
  assert.match(sender, /anna@capri\.test[^]*Not delivered yet to x@elsewhere\.test/);
  assert.doesNotMatch(sender, /Archive|POP3/);
  assert.equal(await trail(server, ID, '--as', 'admin', '--lang', 'en'), 'Nothing is known of that.\n');

  await server.stop();
  assert.deepEqual(
    (await json(server))[0]?.events.map(({ event }) => event).filter((event) => event !== 'deferred'),
    ['received', 'queued', 'moved', 'filed', 'marked', 'deleted', 'deleted', 'deleted'],
  );
  assert.equal(await trail(server, 'nobody@nowhere.test', '--lang', 'pl'), 'Nic o tym nie wiadomo.\n');
  assert.equal(await trail(server, ID, '--lang', 'en', '--until', '2020-01-01'), 'Nothing is known of that.\n');
  await server.start();
});

test('what a client puts into a mailbox itself is found by its Message-ID', { timeout: 60_000 }, async () => {
  await using server = await startServer({ accounts: ['jan'] });
  const client = await signIn(server, 'jan');
  const message = 'Message-ID: <draft.1@capri.test>\r\nSubject: x\r\n\r\nx\r\n';
  client.send(`a APPEND Drafts {${message.length}+}\r\n${message}\r\n`);
  await untilTagged(client, 'a');
  client.send('z LOGOUT\r\n');
  assert.match(
    await trail(server, 'draft.1@capri.test', '--lang', 'en'),
    /^Message <draft\.1@capri\.test>\n.*Put into Drafts by jan over IMAP from 127\.0\.0\.1\.\n$/,
  );
});

test('what is asked for wrongly is one clear line', { timeout: 60_000 }, async () => {
  await using server = await startServer();
  const cases: ReadonlyArray<readonly [words: readonly string[], status: number, line: RegExp]> = [
    [[], 2, /^capri: MESSAGE-ID\|ADDRESS\|ID is missing; usage: capri trail /],
    [['x', '--lang', 'de'], 2, /^capri: --lang is pl or en$/],
    [['x', '--limit', '0'], 2, /^capri: --limit is a number from 1 to 200$/],
    [['x', '--since', 'yesterday'], 2, /^capri: --since is a date/],
    [['x', '--since', '1h', '--until', '2h'], 1, /^capri: the time that it begins with is after the one that it ends with$/],
    [['x', '--as', 'nobody'], 1, /^capri: there is no account nobody;/],
  ];
  for (const [words, status, line] of cases) {
    const finished = await server.capri('trail', ...words);
    assert.deepEqual([finished.status, line.test(finished.output.trimEnd())], [status, true], finished.output);
  }
});

async function submit(server: TestServer): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.ports.submissions,
    secure: true,
    tls: { ca: server.ca, servername: 'localhost' },
    auth: { user: 'ola', pass: server.password },
  });
  await transport.sendMail({
    messageId: ID,
    from: 'ola@capri.test',
    to: 'jan@capri.test',
    bcc: ['anna@capri.test', 'x@elsewhere.test'],
    subject: 'x',
    text: 'x',
  });
  transport.close();
}

async function moveAndExpunge(server: TestServer): Promise<void> {
  const client = await signIn(server, 'jan');
  const commands = [
    'CREATE Old',
    'SELECT INBOX',
    'MOVE 1 Archive',
    'SELECT Archive',
    'COPY 1 Old',
    'STORE 1 +FLAGS (\\Deleted \\Seen)',
    'EXPUNGE',
    'DELETE Old',
  ];
  for (const command of commands) {
    client.send(`a ${command}\r\n`);
    await untilTagged(client, 'a');
  }
  client.send('z LOGOUT\r\n');
}

async function deleteOverPop3(server: TestServer): Promise<void> {
  const client = await LineClient.connect(server.ports.pop3s, { tls: true });
  await client.line();
  for (const command of ['USER anna', `PASS ${server.password}`, 'DELE 1', 'QUIT']) {
    client.send(`${command}\r\n`);
    assert.match(await client.line(), /^\+OK/, command);
  }
}

async function signIn(server: TestServer, login: string): Promise<LineClient> {
  const client = await LineClient.connect(server.ports.imaps, { tls: true });
  await client.line();
  client.send(`a LOGIN ${login} ${server.password}\r\n`);
  await untilTagged(client, 'a');
  return client;
}

async function untilTagged(client: LineClient, tag: string): Promise<void> {
  for (;;) {
    const line = await client.line();
    if (!line.startsWith(`${tag} `)) continue;
    assert.match(line, /^a OK/, line);
    return;
  }
}

async function trail(server: TestServer, ...words: readonly string[]): Promise<string> {
  const { status, output } = await server.capri('trail', ...words);
  assert.equal(status, 0, output);
  return output;
}

async function json(server: TestServer): Promise<readonly ToldStory[]> {
  return JSON.parse(await trail(server, ID, '--json')) as readonly ToldStory[];
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail('it did not happen in time');
}
