/** openssl s_client: versions of TLS, STARTTLS at every plain door, server names, sessions that are resumed whichever thread answers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { needs, program } from '../support/outside.ts';
import { startServer } from '../support/server.ts';
import { openWorkFolder } from '../support/work-folder.ts';

const RESUMPTIONS = 12;

test('openssl s_client', { ...needs(program('openssl')), timeout: 240_000 }, async (t) => {
  await using server = await startServer({ accounts: ['ala'], config: '[threads]\nprotocol = 3\n' });
  using folder = openWorkFolder(server);
  const { ports } = server;
  const doors = {
    smtp: ['-starttls', 'smtp', '-connect', `127.0.0.1:${ports.smtp}`],
    submission: ['-starttls', 'smtp', '-connect', `127.0.0.1:${ports.submission}`],
    imap: ['-starttls', 'imap', '-connect', `127.0.0.1:${ports.imap}`],
    pop3: ['-starttls', 'pop3', '-connect', `127.0.0.1:${ports.pop3}`],
    submissions: ['-connect', `127.0.0.1:${ports.submissions}`],
    imaps: ['-connect', `127.0.0.1:${ports.imaps}`],
    pop3s: ['-connect', `127.0.0.1:${ports.pop3s}`],
  };
  const client = async (...options: readonly string[]): Promise<{ readonly status: number; readonly output: string }> =>
    folder.run('openssl', ['s_client', '-CAfile', folder.caFile, '-servername', 'mail.capri.test', ...options]);

  for (const [door, options] of Object.entries(doors)) {
    await t.test(`${door}: TLS 1.2 and 1.3 with a verified certificate, nothing older`, async () => {
      const version12 = await client(...options, '-tls1_2', '-verify_return_error', '-verify_hostname', 'mail.capri.test');
      assert.equal(version12.status, 0, version12.output);
      assert.match(version12.output, /^New, TLSv1\.2, Cipher is ECDHE-/m);
      assert.match(version12.output, /Verify return code: 0 \(ok\)/);
      const version13 = await client(...options, '-tls1_3', '-verify_return_error', '-verify_hostname', 'localhost');
      assert.equal(version13.status, 0, version13.output);
      assert.match(version13.output, /^New, TLSv1\.3, Cipher is TLS_/m);
      for (const old of ['-tls1_1', '-tls1']) {
        const { status, output } = await client(...options, old, '-cipher', 'DEFAULT:@SECLEVEL=0');
        assert.notEqual(status, 0, output);
        assert.match(output, /Cipher is \(NONE\)/);
      }
    });
  }

  await t.test('weak ciphers, renegotiation and compression are not to be had', async () => {
    for (const cipher of ['RC4', '3DES', 'NULL', 'EXPORT', 'aNULL', 'AES128-SHA', 'kRSA']) {
      const { output } = await client(...doors.imaps, '-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`);
      assert.match(output, /Cipher is \(NONE\)|no cipher match|Error with command/, cipher);
    }
    const { output } = await client(...doors.imaps, '-tls1_2');
    assert.match(output, /^Compression: NONE$/m);
    assert.match(output, /^Secure Renegotiation IS supported$/m);
  });

  for (const version of ['-tls1_2', '-tls1_3']) {
    await t.test(`a session (${version.slice(1)}) is resumed, whichever thread answers`, async () => {
      const session = folder.file(`session${version}`);
      // On 1.3 tickets come after the handshake, with the first thing that the server says.
      const first = await folder.run('sh', [
        '-c',
        `(sleep 0.5; printf 'a LOGOUT\\r\\n'; sleep 0.5) | openssl s_client -CAfile ${folder.caFile} ${doors.imaps.join(' ')} ${version} -sess_out ${session}`,
      ]);
      assert.match(first.output, /^New, /m);
      for (let count = 0; count < RESUMPTIONS; count++) {
        const { output } = await client(...doors.imaps, version, '-sess_in', session);
        assert.match(output, /^Reused, /m);
      }
    });
  }

  await t.test('ALPN: the protocol of the door is agreed on, another one refused', async () => {
    assert.match((await client(...doors.imaps, '-alpn', 'imap')).output, /^ALPN protocol: imap$/m);
    assert.match((await client(...doors.pop3s, '-alpn', 'pop3')).output, /^ALPN protocol: pop3$/m);
    assert.notEqual((await client(...doors.imaps, '-alpn', 'http/1.1')).status, 0);
  });
});

test('openssl s_client: the certificate follows the name that is asked for', { ...needs(program('openssl')), timeout: 120_000 }, async () => {
  const files = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-certificate-'));
  const other = issueCertificate(makeAuthority('Other', Date.now()), ['mail.other.example'], { nowMs: Date.now() });
  fs.writeFileSync(path.join(files, 'certificate.pem'), other.certificate);
  fs.writeFileSync(path.join(files, 'key.pem'), other.key, { mode: 0o600 });
  try {
    await using server = await startServer({ config: `[[tls.certificates]]\ncertificate = "${files}/certificate.pem"\nkey = "${files}/key.pem"\n` });
    using folder = openWorkFolder(server);
    const issuer = async (...options: readonly string[]): Promise<string> => {
      const { output } = await folder.run('openssl', ['s_client', '-connect', `127.0.0.1:${server.ports.imaps}`, ...options]);
      return /^issuer=CN = (.*)$/m.exec(output)?.[1] ?? output;
    };
    const [none, own, unknown, second] = [
      await issuer('-noservername'),
      await issuer('-servername', 'mail.capri.test'),
      await issuer('-servername', 'unknown.example'),
      await issuer('-servername', 'mail.other.example'),
    ];
    assert.deepEqual([none, own, unknown, second], ['Capri test', 'Capri test', 'Capri test', 'Other']);
  } finally {
    fs.rmSync(files, { recursive: true, force: true });
  }
});
