/** `capri queue ...` with the server running, and what submission offers and refuses because of the queue. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Pop3Client, SmtpClient } from '../support/line-client.ts';
import { run } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');

interface Shown {
  readonly id: string;
  readonly sender: string;
  readonly priority: number;
  readonly releaseAt: string | null;
  readonly deliverBy: { readonly late: string } | null;
  readonly hold: { readonly kind: string; readonly reason: string } | null;
  readonly recipients: readonly { readonly address: string; readonly state: string; readonly explanation: { readonly cause: string } | null }[];
}

test('the queue is listed by pages and filters, held with a reason, flushed and emptied; all of it is in the trail', async () => {
  await using server = await startServer({ accounts: ['ala', 'ola'], config: `${nowhere('away.test')}${nowhere('other.test')}` });
  const ala = await signIn(server, 'ala');
  assert.match((await ala.command('EHLO client.example')).lines.join(), /FUTURERELEASE 2592000 20\d\d-[^,]*Z,/);
  const first = await send(ala, 'HOLDFOR=3600 MT-PRIORITY=3', ['x@away.test', 'ola@capri.test']);
  const second = await send(ala, 'BY=86400;N', ['y@away.test']);
  const ola = await signIn(server, 'ola');
  const third = await send(ola, '', ['z@other.test', 'y@away.test'], 'ola');

  const shown = await json<Shown>(server, 'show', first);
  assert.deepEqual(
    [shown.priority, shown.hold, shown.recipients.map(({ address }) => address), Date.parse(shown.releaseAt ?? '') > Date.now() + 3_500_000],
    [3, null, ['x@away.test', 'ola@capri.test'], true],
  );
  assert.deepEqual((await json<Shown>(server, 'show', second)).deliverBy?.late, 'told');
  const [polish, english] = [await explanation(server, second, 'pl'), await explanation(server, second, 'en')];
  assert.ok(polish !== '' && english !== '' && polish !== english, `${polish} / ${english}`);
  assert.deepEqual(await ids(server, '--account', 'ola'), [third]);
  assert.deepEqual(await ids(server, '--domain', 'other.test'), [third]);
  assert.deepEqual(await ids(server, '--sender', 'ala@capri.test', '--domain', 'away.test'), [first, second].sort());
  const page = await json<{ queued: readonly Shown[]; next: string | null }>(server, 'list', '--limit', '2');
  assert.deepEqual([page.queued.length, page.next], [2, page.queued[1]?.id]);

  assert.deepEqual(await json(server, 'hold', '--account', 'ola', '--reason', 'odd mail'), { recipients: 2 });
  assert.deepEqual((await json<Shown>(server, 'show', third)).hold, { kind: 'administrator', reason: 'odd mail' });
  assert.deepEqual(await ids(server, '--state', 'held'), [third]);
  assert.deepEqual(await json(server, 'release', third), { recipients: 2 });
  assert.deepEqual(await json(server, 'hold-account', 'ola', '--reason', 'to be asked'), { recipients: 2 });
  const fourth = await send(ola, '', ['v@away.test'], 'ola');
  assert.deepEqual((await json<Shown>(server, 'show', fourth)).hold, { kind: 'account', reason: 'to be asked' });
  assert.deepEqual(
    (await json<readonly { login: string; reason: string }[]>(server, 'held-accounts')).map(({ login, reason }) => [login, reason]),
    [['ola', 'to be asked']],
  );
  assert.match((await server.capri('account', 'release', 'ola')).output, /ola/);
  assert.deepEqual(await ids(server, '--state', 'held'), []);
  assert.ok((await json<{ recipients: number }>(server, 'flush', 'away.test')).recipients >= 1);
  assert.ok((await json<{ recipients: number }>(server, 'drop', '--all', '--reason', 'a test')).recipients >= 5);
  assert.deepEqual(await ids(server), []);
  const trail = (await server.capri('trail', third, '--json')).output;
  for (const event of ['held', 'released', 'dropped']) assert.match(trail, new RegExp(`"event": ?"${event}"`));
  assert.match(trail, /odd mail/);
  const { output } = await server.capri('queue', 'hold', '--all', first);
  assert.match(output, /^capri: name messages by their ids, or give --all or a filter$/m);
  ala.close();
  ola.close();
});

test('a message that is held back on request reaches people here when its time has come, and its sender hears of it', async () => {
  await using server = await startServer({ accounts: ['ala', 'ola'] });
  const ala = await signIn(server, 'ala');
  for (const line of ['MAIL FROM:<ala@capri.test> HOLDFOR=2', 'RCPT TO:<ola@capri.test> NOTIFY=SUCCESS', 'DATA'])
    assert.ok((await ala.command(line)).isOk, line);
  const reply = await ala.command('From: ala@capri.test\r\nSubject: later\r\n\r\ntext\r\n.');
  assert.match(reply.lines.join(' '), /^250 2\.0\.0 Ok: /);
  assert.equal(await messagesOf(server, 'ola'), 0, 'not yet');
  await until(async () => (await messagesOf(server, 'ola')) === 1 && (await messagesOf(server, 'ala')) === 1);
  const pop = await Pop3Client.connect(server.ports.pop3s, 'ola', server.password);
  const { lines } = await pop.command('RETR 1', { multiline: true });
  pop.close();
  assert.deepEqual(
    lines.filter((line) => /^(?:Return-Path|Delivered-To|Subject):/.test(line)),
    ['Return-Path: <ala@capri.test>', 'Delivered-To: ola@capri.test', 'Subject: later'],
  );
  assert.deepEqual(await ids(server), []);
  ala.close();
});

test('an address on the suppression list is refused with the reason until it is taken off', async () => {
  await using server = await startServer({ accounts: ['ala', 'ola'] });
  const added = await server.capri('queue', 'suppressions', 'add', 'Gone@Away.test', '--account', 'ala', '--days', '30', '--note', 'moved to another firm');
  assert.match(added.output, /^gone@away\.test is not written to any more\.$/m);
  const ala = await signIn(server, 'ala');
  await ala.command('MAIL FROM:<ala@capri.test>');
  const refused = await ala.command('RCPT TO:<gone@away.test>');
  assert.match(refused.lines.join(' '), /^550 5\.7\.1 gone@away\.test is on the suppression list since 20.*\(moved to another firm\)/);
  assert.ok((await ala.command('RCPT TO:<other@away.test>')).isOk);
  const ola = await signIn(server, 'ola');
  await ola.command('MAIL FROM:<ola@capri.test>');
  assert.ok((await ola.command('RCPT TO:<gone@away.test>')).isOk, 'the list is of another account');
  const listed = await json<{ suppressions: readonly { address: string; account: string; reason: string }[] }>(server, 'suppressions', 'list');
  assert.deepEqual(
    listed.suppressions.map(({ address, account, reason }) => [address, account, reason]),
    [['gone@away.test', 'ala', 'administrator']],
  );
  assert.match(
    (await server.capri('queue', 'suppressions', 'remove', 'gone@away.test')).output,
    /^capri: gone@away\.test is not on the list for the whole server;/,
  );
  assert.equal((await server.capri('queue', 'suppressions', 'remove', 'gone@away.test', '--account', 'ala')).status, 0);
  assert.ok((await ala.command('RCPT TO:<gone@away.test>')).isOk);
  ala.close();
  ola.close();
});

test('settings of routes that cannot be meant end the start with one clear line', async () => {
  await using server = await startServer();
  const route = async (lines: string): Promise<string> => {
    const other = `${server.directory}/other.toml`;
    writeFileSync(other, `${readFileSync(server.configFile, 'utf8').replace('data_directory = "data"', 'data_directory = "elsewhere"')}\n${lines}`);
    return (await run(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'serve', '--config', other])).output;
  };
  assert.match(await route('[[queue.routes]]\nhost = "127.0.0.1"\n'), /queue\.routes\[0\] fits everything: say domain, sender or account/);
  assert.match(await route('[[queue.routes]]\ndomain = "a.test"\n'), /queue\.routes\[0\] changes nothing: say host, source_ipv4, source_ipv6 or helo/);
  assert.match(
    await route('[[queue.routes]]\ndomain = "a.test"\nsource_ipv4 = "192.0.2.99"\n'),
    /wants to send from 192\.0\.2\.99, which is no address of this machine/,
  );
  const twice = '[[queue.routes]]\ndomain = "a.test"\nhost = "127.0.0.1"\n';
  assert.match(await route(`${twice}${twice}`), /queue\.routes has two entries for a\.test any any/);
});

/** A route to where nobody listens. */
function nowhere(domain: string): string {
  return `[[queue.routes]]\ndomain = "${domain}"\nhost = "127.0.0.1"\nport = 9\n`;
}

async function signIn(server: TestServer, user: string): Promise<SmtpClient> {
  return await SmtpClient.connect(server.ports.submissions, { tls: true, user, password: server.password });
}

/** Submits a message with these parameters of MAIL; its id. */
async function send(client: SmtpClient, parameters: string, to: readonly string[], login: string = 'ala'): Promise<string> {
  for (const line of [`MAIL FROM:<${login}@capri.test> ${parameters}`.trimEnd(), ...to.map((address) => `RCPT TO:<${address}>`), 'DATA']) {
    const reply = await client.command(line);
    assert.ok(reply.isOk, `${line}: ${reply.lines.join(' ')}`);
  }
  const reply = await client.command(`From: ${login}@capri.test\r\nSubject: test\r\n\r\ntext\r\n.`);
  return /Ok: (\w+)/.exec(reply.lines.join(' '))?.[1] ?? assert.fail(reply.lines.join(' '));
}

async function ids(server: TestServer, ...words: readonly string[]): Promise<readonly string[]> {
  return (await json<{ readonly queued: readonly Shown[] }>(server, 'list', ...words)).queued.map(({ id }) => id);
}

async function messagesOf(server: TestServer, login: string): Promise<number> {
  const client = await Pop3Client.connect(server.ports.pop3s, login, server.password);
  const { lines } = await client.command('STAT');
  client.close();
  return Number(/^\+OK (\d+)/.exec(lines[0] ?? '')?.[1]);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail('it did not happen in time');
}

/** What the first attempt came to, once there was one. */
async function explanation(server: TestServer, id: string, language: string): Promise<string> {
  for (;;) {
    const [recipient] = (await json<Shown>(server, 'show', id, '--lang', language)).recipients;
    if (recipient?.explanation) return recipient.explanation.cause;
  }
}

async function json<Output>(server: TestServer, ...words: readonly string[]): Promise<Output> {
  const { status, output } = await server.capri('queue', ...words, '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as Output;
}
