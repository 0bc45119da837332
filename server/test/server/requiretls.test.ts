/** Mail that requires TLS all the way (RFC 8689), from one Capri to another, and back to its sender where the other side does not promise it. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { FakeDns } from '../support/dns.ts';
import { SmtpClient } from '../support/line-client.ts';
import { startPolicyServer } from '../support/policy-server.ts';
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

test('goes to the MX hosts that DANE or an MTA-STS policy vouches for', { timeout: 120_000 }, async () => {
  await using there = await startServer({ domain: 'there.test', accounts: ['ola'], smtpAddress: '127.77.0.2' });
  for (const words of [
    ['domain', 'add', 'policy.test'],
    ['alias', 'add', 'ola@policy.test', '--to', 'ola'],
    ['domain', 'add', 'bare.test'],
    ['alias', 'add', 'ola@bare.test', '--to', 'ola'],
  ]) {
    const { status, output } = await there.capri(...words);
    assert.equal(status, 0, output);
  }
  await using policies = await startPolicyServer('policy.test', 'version: STSv1\nmode: enforce\nmx: mail.there.test\nmax_age: 86400\n');
  const key = new X509Certificate(fs.readFileSync(path.join(there.directory, 'certificate.pem'))).publicKey.export({ type: 'spki', format: 'der' });
  const mx = { MX: [{ preference: 1, exchange: 'mail.there.test' }] };
  await using dns = await FakeDns.start(
    {
      'there.test': mx,
      'policy.test': mx,
      'bare.test': mx,
      'mail.there.test': { A: ['127.77.0.2'] },
      [`_${there.ports.smtp}._tcp.mail.there.test`]: {
        TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate: createHash('sha256').update(key).digest() }],
      },
      '_mta-sts.policy.test': { TXT: ['v=STSv1; id=1;'] },
      'mta-sts.policy.test': { A: ['127.77.0.3'] },
    },
    // DNSSEC vouches for the MX of there.test alone: without that the TLSA record says nothing.
    { insecure: ['policy.test', 'bare.test'] },
  );
  await using here = await startServer({
    domain: 'here.test',
    accounts: ['ala'],
    config: `[dns]\nservers = ["${dns.server.address}:${dns.server.port}"]\n`,
    internet: { mxPort: there.ports.smtp, httpsPort: policies.port, authorities: [there.ca, policies.ca] },
  });
  const client = await SmtpClient.connect(here.ports.submissions, { tls: true, user: 'ala', password: here.password });
  for (const domain of ['there.test', 'policy.test', 'bare.test']) {
    assert.ok((await client.command('MAIL FROM:<ala@here.test> REQUIRETLS')).isOk);
    assert.ok((await client.command(`RCPT TO:<ola@${domain}>`)).isOk);
    assert.ok((await client.command('DATA')).isOk);
    assert.ok((await client.command(`From: ala@here.test\r\nSubject: secret for ${domain}\r\n\r\ntext\r\n.`)).isOk);
  }
  client.close();
  await until(async () => {
    const arrived = await inbox(there, 'ola');
    return ['there.test', 'policy.test'].every((domain) => arrived.includes(`Subject: secret for ${domain}`));
  });
  assert.match(
    await story(here, 'ola@there.test'),
    /Delivered to ola@there\.test by mail\.there\.test \[127\.77\.0\.2\] over TLS 1\.3 \(\w+\), server verified by DANE\./,
  );
  assert.match(
    await story(here, 'ola@policy.test'),
    /Delivered to ola@policy\.test by mail\.there\.test \[127\.77\.0\.2\] over TLS 1\.3 \(\w+\), server verified as MTA-STS demands\./,
  );
  // The same host, and nothing that vouches for it.
  await until(async () => (await inbox(here, 'ala')).includes('5.7.30'));
  assert.match(await story(here, 'ola@bare.test'), /Could not be delivered to ola@bare\.test\.(?!.*Delivered to)/);
});

async function story(server: TestServer, address: string): Promise<string> {
  const { status, output } = await server.capri('trail', address, '--lang', 'en');
  assert.equal(status, 0, output);
  return output.replace(/\s+/g, ' ');
}

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
