/** Starting, stopping, killing, reloading: what a server does at its ends, and what it says when it cannot begin. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { run } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

test('a port that another program has is named, with what to do', async () => {
  await using server = await startServer();
  await server.stop();
  const other = net.createServer().listen(server.ports.imaps, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { status, output } = await capri('serve', '--config', server.configFile);
  assert.deepEqual(
    [status, output],
    [
      1,
      `capri: listener "imaps": 127.0.0.1 port ${server.ports.imaps} is in use by another program; stop that program, or set another port under [listeners.imaps]\n`,
    ],
  );
  await new Promise((resolve) => other.close(resolve));
});

test('a second server on the same data is refused', async () => {
  await using server = await startServer();
  const { status, output } = await capri('serve', '--config', server.configFile);
  const data = path.join(server.directory, 'data');
  assert.deepEqual([status, output], [1, `capri: another Capri is using ${data}: stop it first, or give this one its own data directory\n`]);
});

test('what is wrong with capri.toml or its certificates is one clear line', async () => {
  await using server = await startServer();
  await server.stop();
  const good = fs.readFileSync(server.configFile, 'utf8');
  const key = path.join(server.directory, 'key.pem');
  const otherKey = issueCertificate(makeAuthority('Other', Date.now()), ['localhost'], { nowMs: Date.now() }).key;
  const otherKeyFile = path.join(server.directory, 'other.pem');
  fs.writeFileSync(otherKeyFile, otherKey);
  const cases: ReadonlyArray<readonly [text: string, line: RegExp]> = [
    [`${good}\n[threads]\nprotcol = 2\n`, /capri\.toml:\d+:1: unknown key "protcol" in \[threads\]; did you mean "protocol"\?$/],
    [good.replace('[server]', '[server'), /capri\.toml:1:8: illegal character in key$/],
    [good.replace(key, '/nowhere/key.pem'), /^capri: the private key \/nowhere\/key\.pem does not exist; set its path under \[\[tls\.certificates\]\]$/],
    [good.replace(key, server.configFile), /certificate\.pem: the private key cannot be read; it must be PEM without a passphrase$/],
    [good.replace(key, otherKeyFile), /certificate\.pem: the private key does not belong to the certificate; give the key it was requested with$/],
    [good.replace(/\[\[tls[^[]*/, ''), /^capri: no certificate is configured, and nothing works without TLS; add one under \[\[tls\.certificates\]\]/],
    [`${good}\n[queue.smarthost]\nhost = "relay.example"\nlogin = "x"\n`, /^capri: the relay relay\.example needs both login and password_file, or neither$/],
    [
      good.replace(`port = ${server.ports.imaps}`, `port = ${server.ports.imap}`),
      /^capri: \[listeners\.imap\] and \[listeners\.imaps\] are both on 127\.0\.0\.1 port \d+; give one of them another port$/,
    ],
    [`${good}\n[dns]\nservers = ["nine"]\n`, /capri\.toml:\d+:\d+: dns\.servers\[0\] = "nine" is not valid; write a list of addresses, such as/],
  ];
  for (const [text, line] of cases) {
    fs.writeFileSync(server.configFile, text);
    const { status, output } = await capri('serve', '--config', server.configFile);
    assert.equal(status, 1, output);
    assert.match(output.trimEnd(), line);
    assert.equal(output.trimEnd().split('\n').length, 1, output);
  }
  fs.writeFileSync(server.configFile, good);
});

test('SIGTERM lets every session say goodbye, and the server ends with status 0', async () => {
  await using server = await startServer();
  const [imap, pop3, smtp] = await Promise.all([greeted(server.ports.imap), greeted(server.ports.pop3), greeted(server.ports.smtp)]);
  const status = await server.stop();
  assert.equal(status, 0);
  assert.match(await imap.rest, /^\* BYE /m);
  assert.match(await pop3.rest, /^-ERR /m);
  assert.match(await smtp.rest, /^421 /m);
  assert.match(server.log(), /"event":"server.stopped"/);
});

test('after kill -9 the server starts again on its data', async () => {
  await using server = await startServer({ accounts: ['ala'] });
  await server.kill();
  await server.start();
  const { status, output } = await server.capri('account', 'list', '--json');
  assert.equal(status, 0, output);
});

test('SIGHUP serves a new certificate to the next client; a bad one leaves the old in place', async () => {
  await using server = await startServer();
  const before = await servedCertificate(server);
  const authority = makeAuthority('New', Date.now());
  const issued = issueCertificate(authority, ['localhost', '127.0.0.1'], { nowMs: Date.now() });
  fs.writeFileSync(path.join(server.directory, 'certificate.pem'), 'not a certificate');
  process.kill(server.pid, 'SIGHUP');
  await until(() => server.log().includes('net.certificate.refused'));
  assert.equal(await servedCertificate(server), before);
  fs.writeFileSync(path.join(server.directory, 'certificate.pem'), issued.certificate);
  fs.writeFileSync(path.join(server.directory, 'key.pem'), issued.key);
  process.kill(server.pid, 'SIGHUP');
  const wanted = new X509Certificate(issued.certificate).fingerprint256;
  await until(async () => (await servedCertificate(server)) === wanted);
});

test('init makes a server that serves, and refuses to be run twice', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-init-'));
  try {
    const words = ['init', '--domain', 'example.org', '--hostname', 'mail.example.org', '--dir', directory];
    fs.rmdirSync(directory);
    const made = await capri(...words, '--json');
    assert.equal(made.status, 0, made.output);
    const { configFile, login, address, password, isOwnCertificate } = JSON.parse(made.output) as Record<string, string>;
    assert.deepEqual([configFile, login, address, isOwnCertificate], [path.join(directory, 'capri.toml'), 'admin', 'admin@example.org', true]);
    assert.match(password ?? '', /^[a-z2-9-]{23}$/);
    const accounts = await capri('account', 'list', '--json', '--config', configFile ?? '');
    assert.deepEqual(
      (JSON.parse(accounts.output) as ReadonlyArray<{ login: string; isAdmin: boolean }>).map(({ login: name, isAdmin }) => [name, isAdmin]),
      [['admin', true]],
    );
    const again = await capri(...words);
    assert.deepEqual([again.status, again.output], [1, `capri: ${path.join(directory, 'capri.toml')} exists already; edit it, or remove it to begin anew\n`]);
    const missing = await capri('init', '--domain', 'example.org');
    assert.deepEqual([missing.status, missing.output], [2, 'capri: --hostname is missing; write it as --hostname mail.example.org\n']);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
});

test('started as root, the server becomes the owner of its data once the ports are open, and commands of root leave no files of root', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async () => {
  await using server = await startServer();
  await server.stop();
  const data = path.join(server.directory, 'data');
  const uid = 33;
  chownTree(data, uid);
  for (const name of ['certificate.pem', 'key.pem']) fs.chmodSync(path.join(server.directory, name), 0o600);
  fs.chmodSync(server.directory, 0o755);
  await server.start();
  const ids = fs
    .readdirSync(`/proc/${server.pid}/task`)
    .map((task) => fs.readFileSync(`/proc/${server.pid}/task/${task}/status`, 'utf8').match(/^Uid:\t(.*)$/m)?.[1]);
  assert.deepEqual([...new Set(ids)], [Array.from({ length: 4 }, () => uid).join('\t')]);
  assert.equal((await server.capri('account', 'add', 'jan')).status, 0);
  await server.stop();
  assert.equal((await server.capri('account', 'add', 'ola')).status, 0);
  assert.equal((await server.capri('doctor', '--store')).status, 0);
  const owners = fs.readdirSync(data, { recursive: true, encoding: 'utf8' }).map((name) => fs.statSync(path.join(data, name)).uid);
  assert.deepEqual([...new Set(owners)], [uid]);
});

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not happen within ten seconds');
}

function capri(...words: readonly string[]): Promise<{ status: number; output: string }> {
  return run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words]);
}

/** A plain connection after its greeting, and all that comes until it ends. */
async function greeted(port: number): Promise<{ readonly rest: Promise<string> }> {
  const socket = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('data', resolve));
  const rest = (async () => {
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  })();
  return { rest };
}

function servedCertificate(server: TestServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.ports.imaps, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function chownTree(directory: string, uid: number): void {
  fs.chownSync(directory, uid, uid);
  for (const name of fs.readdirSync(directory, { recursive: true, encoding: 'utf8' })) fs.chownSync(path.join(directory, name), uid, uid);
}
