/** Mail that requires TLS all the way (RFC 8689), from one Capri to another, and back to its sender where the other side does not promise it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startPeer } from '../support/smtp-peer.ts';

test('goes to a server that promises the same, and comes back by its header where one does not', { timeout: 120_000 }, async () => {
  await using there = await startServer({ domain: 'there.test', accounts: ['ola'] });
  // Both servers' certificates are from one authority, which the sending one must know.
  const authorityFile = path.join(there.directory, 'authority.pem');
  fs.writeFileSync(authorityFile, there.ca);
  process.env['NODE_EXTRA_CA_CERTS'] = authorityFile;
  await using other = await startPeer();
  const route = (domain: string, port: number): string => `[[queue.routes]]\ndomain = "${domain}"\nhost = "127.0.0.1"\nport = ${port}\n`;
  await using here = await startServer({
    domain: 'here.test',
    accounts: ['ala'],
    config: route('there.test', there.ports.smtp) + route('other.test', other.port),
  });
  delete process.env['NODE_EXTRA_CA_CERTS'];

  const client = await SmtpClient.connect(here.ports.submissions, { tls: true, user: 'ala', password: here.password });
  const offered = await client.command('EHLO client.test');
  assert.ok(offered.lines.includes('250-REQUIRETLS'));
  for (const [to, subject] of [
    ['ola@there.test', 'secret one'],
    ['eve@other.test', 'secret two'],
  ] as const) {
    assert.ok((await client.command('MAIL FROM:<ala@here.test> REQUIRETLS RET=FULL')).isOk);
    assert.ok((await client.command(`RCPT TO:<${to}>`)).isOk);
    assert.ok((await client.command('DATA')).isOk);
    const taken = await client.command(`From: ala@here.test\r\nSubject: ${subject}\r\n\r\nText of ${subject}.\r\n.`);
    assert.ok(taken.isOk, taken.lines.join());
  }
  client.close();
  await until(async () => (await inbox(there, 'ola')).includes('Subject: secret one'));
  await until(async () => (await inbox(here, 'ala')).includes('5.7.30'));
  const bounce = await inbox(here, 'ala');
  assert.match(bounce, /Subject: secret two/);
  assert.doesNotMatch(bounce, /Text of secret two/);
  assert.deepEqual(other.received, []);
});

/** All messages of INBOX, over POP3. */
async function inbox(server: TestServer, login: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: server.ports.pop3s, ca: server.ca });
  socket.write(`USER ${login}\r\nPASS ${server.password}\r\nRETR 1\r\nRETR 2\r\nQUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail('it did not happen in time');
}
