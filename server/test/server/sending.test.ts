/** Mail from one server to another: delivered, bounced, kept while the other one is away, and managed with `capri queue`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createTransport } from 'nodemailer';
import { startServer, type TestServer } from '../support/server.ts';
import { startScriptedPeer } from '../support/smtp-peer.ts';

test('submitted mail reaches another server, comes back as a bounce where nobody has the address, and waits while that server is away', {
  timeout: 120_000,
}, async () => {
  await using there = await startServer({ domain: 'there.test', accounts: ['ola'] });
  const routes = `[[queue.routes]]\ndomain = "there.test"\nhost = "127.0.0.1"\nport = ${there.ports.smtp}\n[queue]\nretry = ["1h"]\n`;
  await using here = await startServer({ domain: 'here.test', accounts: ['ala'], config: routes });

  await send(here, 'ola@there.test', 'first');
  await until(async () => (await inbox(there, 'ola')).includes('Subject: first'));

  await send(here, 'nobody@there.test', 'second');
  await until(async () => (await inbox(here, 'ala')).includes('nobody@there.test'));
  assert.deepEqual(await list(here), []);

  await there.stop();
  await send(here, 'ola@there.test', 'third');
  await until(async () => (await list(here))[0]?.recipients[0]?.attempts === 1);
  const [waiting] = await list(here);
  const id = waiting?.id ?? '';
  assert.deepEqual([waiting?.sender, waiting?.recipients[0]?.address, waiting?.recipients[0]?.state], ['ala@here.test', 'ola@there.test', 'waiting']);
  assert.match(waiting?.recipients[0]?.lastReply ?? '', /ECONNREFUSED|refused/i);

  assert.deepEqual(await queue(here, 'hold', id), { recipients: 1 });
  assert.equal((await queue<Queued>(here, 'show', id)).recipients[0]?.state, 'held');
  await there.start();
  assert.deepEqual(await queue(here, 'retry', id), { recipients: 0 }, 'what is held stays held');
  assert.deepEqual(await queue(here, 'release', '--all'), { recipients: 1 });
  await until(async () => (await inbox(there, 'ola')).includes('Subject: third'));
  assert.deepEqual(await list(here), []);

  await there.stop();
  await send(here, 'ola@there.test', 'fourth');
  await until(async () => (await list(here)).length === 1);
  assert.deepEqual(await queue(here, 'drop', '--all'), { recipients: 1 });
  assert.deepEqual(await list(here), []);
  await there.start();
});

test('what waits in the queue survives kill -9', { timeout: 60_000 }, async () => {
  await using there = await startServer({ domain: 'there.test', accounts: ['ola'] });
  const routes = `[[queue.routes]]\ndomain = "there.test"\nhost = "127.0.0.1"\nport = ${there.ports.smtp}\n[queue]\nretry = ["1s"]\n`;
  await using here = await startServer({ domain: 'here.test', accounts: ['ala'], config: routes });
  await there.stop();
  await send(here, 'ola@there.test', 'kept');
  await here.kill();
  await there.start();
  await here.start();
  await until(async () => (await inbox(there, 'ola')).includes('Subject: kept'));
});

test('what another server takes while this one stops is written down, and not sent again', { timeout: 60_000 }, async () => {
  const taken = Promise.withResolvers<void>();
  await using there = await startScriptedPeer(async (peer) => {
    peer.say('220 there.test\r\n');
    await peer.answer('250 there.test\r\n');
    for (let at = 0; at < 2; at++) await peer.answer('250 ok\r\n');
    await peer.answer('354 go on\r\n');
    await peer.data();
    taken.resolve();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    peer.say('250 taken\r\n');
    await peer.answer('221 bye\r\n');
  });
  const routes = `[[queue.routes]]\ndomain = "there.test"\nhost = "127.0.0.1"\nport = ${there.port}\n`;
  await using here = await startServer({ domain: 'here.test', accounts: ['ala'], config: routes });
  await send(here, 'ola@there.test', 'once');
  await taken.promise;
  assert.equal(await here.stop(), 0);
  assert.doesNotMatch(here.log(), /queue\.(?:repeated|failed)/);
  assert.deepEqual(await list(here), []);
});

interface Queued {
  readonly id: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly state: string; readonly attempts: number; readonly lastReply: string | null }[];
}

async function send(server: TestServer, to: string, subject: string): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.ports.submissions,
    secure: true,
    tls: { ca: server.ca, servername: 'localhost' },
    auth: { user: 'ala', pass: server.password },
  });
  await transport.sendMail({ from: `ala@${server.domain}`, to, subject, text: 'hello' });
  transport.close();
}

async function queue<Output>(server: TestServer, ...words: readonly string[]): Promise<Output> {
  const { status, output } = await server.capri('queue', ...words, '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as Output;
}

async function list(server: TestServer): Promise<readonly Queued[]> {
  return (await queue<{ readonly queued: readonly Queued[] }>(server, 'list')).queued;
}

/** All messages of INBOX, over POP3. */
async function inbox(server: TestServer, login: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: server.ports.pop3s, ca: server.ca });
  socket.write(`USER ${login}\r\nPASS ${server.password}\r\nRETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail('it did not happen in time');
}
