/** A stolen account is no cannon for spam: limits across threads and kill -9, the hold with its mails, and the release. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pop3Client, type Reply, SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startPeer } from '../support/smtp-peer.ts';

test('two threads count together, at once and exactly, and a kill forgets nothing', { timeout: 120_000 }, async () => {
  await using peer = await startPeer({});
  const config = `${route(peer.port)}[threads]\nprotocol = 2\n[sending_limits]\nrecipients_per_hour = 40\nrecipients_per_day = 60\nhold_points = 0\n`;
  await using server = await startServer({ accounts: ['ala'], config });

  // Eight connections: the kernel spreads them over both threads.
  const clients = await Promise.all(Array.from({ length: 8 }, () => signedIn(server, 'ala')));
  const replies = (await Promise.all(clients.map((client, n) => sendTwice(client, n)))).flat();
  const accepted = replies.filter(({ isOk }) => isOk).length;
  const refused = replies.filter(({ isOk }) => !isOk);
  // Ten messages of four recipients fit; who was under way when the limit was reached may be one more.
  assert.ok(accepted === 10 || accepted === 11, `${accepted} messages were accepted`);
  for (const { lines } of refused)
    assert.match(lines.join(' '), /^452 4\.7\.0 Limit of 40 recipients an hour is reached; sending goes on at \d{4}-\d\d-\d\d \d\d:\d[05] UTC$/);
  assert.equal(await sent(server), accepted * 4);

  await server.kill();
  await server.start();
  assert.equal(await sent(server), accepted * 4);
  const again = await signedIn(server, 'ala');
  await again.command('MAIL FROM:<ala@capri.test>');
  assert.match((await again.command('RCPT TO:<one@there.test>')).lines.join(), /^452 4\.7\.0 /);
  await capri(server, 'account', 'set', 'ala', '--recipients-per-hour', '0');
  await until(async () => (await again.command('RCPT TO:<one@there.test>')).isOk);
  again.close();
  for (const client of clients) client.close();
  // Nothing that was accepted is lost.
  await until(() => Promise.resolve(peer.received.length >= accepted));
});

test('a hold keeps what is submitted, tells user and administrator once, and the release sends all of it', { timeout: 120_000 }, async () => {
  await using peer = await startPeer({});
  const config = `${route(peer.port)}[sending_limits]\nhold_points = 40\nnew_recipients = 25\n`;
  await using server = await startServer({ accounts: ['ala'], config });
  const client = await signedIn(server, 'ala');
  for (let n = 0; n < 3; n++) assert.ok((await send(client, n, 10)).isOk);
  await until(async () => (await account(server)).sending.hold !== null);
  const delivered = (): number => peer.received.reduce((sum, { recipients }) => sum + recipients.length, 0);
  for (let n = 3; n < 10; n++) assert.ok((await send(client, n, 10)).isOk, 'accepted all the same');
  assert.ok(delivered() <= 30);
  assert.match((await account(server)).sending.hold?.reason ?? '', /^unusual sending: 30 recipients that were never written to before$/);

  await server.kill();
  await server.start();
  assert.ok((await send(await signedIn(server, 'ala'), 10, 10)).isOk, 'still accepted, and still held');
  assert.ok(delivered() <= 30);
  assert.deepEqual(await subjects(server, 'ala'), ['Sending from your account is on hold']);
  assert.deepEqual(await subjects(server, 'admin'), ['Sending from ala is on hold']);

  assert.ok((await capri<{ queued: readonly unknown[] }>(server, 'queue', 'list', '--account', 'ala', '--state', 'held')).queued.length >= 8);
  const { wasHeld } = await capri<{ wasHeld: boolean }>(server, 'account', 'release', 'ala');
  assert.equal(wasHeld, true);
  await until(() => Promise.resolve(delivered() >= 110));
  assert.equal(new Set(peer.received.flatMap(({ recipients }) => recipients)).size, 110, 'everybody has it');
  assert.equal((await account(server)).sending.hold, null);

  await capri(server, 'queue', 'hold-account', 'ala');
  assert.ok((await send(await signedIn(server, 'ala'), 11, 10)).isOk);
  assert.deepEqual(await capri(server, 'queue', 'release', '--account', 'ala'), { recipients: 10 });
  assert.equal((await account(server)).sending.hold, null);
  await until(() => Promise.resolve(delivered() >= 120));
  assert.deepEqual(await subjects(server, 'ala'), ['Sending from your account is on hold']);
});

function route(port: number): string {
  return `[[queue.routes]]\ndomain = "there.test"\nhost = "127.0.0.1"\nport = ${port}\n`;
}

function signedIn(server: TestServer, user: string): Promise<SmtpClient> {
  return SmtpClient.connect(server.ports.submissions, { tls: true, user, password: server.password });
}

/** Two messages of four recipients each. */
async function sendTwice(client: SmtpClient, n: number): Promise<readonly Reply[]> {
  const first = await send(client, 2 * n, 4);
  await client.command('RSET');
  return [first, await send(client, 2 * n + 1, 4)];
}

async function send(client: SmtpClient, n: number, recipients: number): Promise<Reply> {
  const to = Array.from({ length: recipients }, (_, m) => `r${n}.${m}@there.test`);
  return await client.deliver('ala@capri.test', to, `From: ala@capri.test\r\nSubject: ${n}\r\n\r\ntext`);
}

interface Account {
  readonly sending: { readonly sentThisHour: number; readonly sentToday: number; readonly hold: { readonly reason: string } | null };
}

function account(server: TestServer): Promise<Account> {
  return capri<Account>(server, 'account', 'show', 'ala');
}

async function sent(server: TestServer): Promise<number> {
  return (await account(server)).sending.sentToday;
}

async function capri<Output>(server: TestServer, ...words: readonly string[]): Promise<Output> {
  const { status, output } = await server.capri(...words, '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as Output;
}

async function subjects(server: TestServer, login: string): Promise<readonly string[]> {
  const client = await Pop3Client.connect(server.ports.pop3s, login, server.password);
  const count = Number((await client.command('STAT')).lines[0]?.split(' ')[1] ?? 0);
  const found: string[] = [];
  for (let n = 1; n <= count; n++) {
    const { lines } = await client.command(`TOP ${n} 0`, { multiline: true });
    found.push(lines.find((line) => line.startsWith('Subject: '))?.slice(9) ?? '');
  }
  client.close();
  return found;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail('it did not happen in time');
}
